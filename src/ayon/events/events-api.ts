// AYON's routes for single events: create, read, update and delete.
import { ThroughlineError } from '../../base/errors.ts';
import { AyonRefusal } from '../answers.ts';
import { readBodyAs } from '../bodies.ts';
import type { AyonRequest } from '../request.ts';
import { hexOfId, idOfHex, statusOfName } from '../values.ts';
import { answeredFields, eventBody } from './event-body.ts';

export async function createEvent(request: AyonRequest, text: string): Promise<object> {
  const body = readBodyAs('createEvent', text);
  const { store = true, reuse = false } = body;
  const dependsOn = body.dependsOn === undefined ? null : idOfHex(body.dependsOn, 'dependsOn');
  const input = {
    topic: body.topic,
    sender: body.sender || request.sender,
    senderType: request.senderType,
    hash: store ? body.hash || null : null,
    onDuplicate: reuse ? 'REPLACE' : 'FAIL',
    project: body.project || null,
    user: body.user || request.user,
    dependsOn,
    description: body.description ?? '',
    summary: body.summary ?? {},
    payload: body.payload ?? {},
    finished: body.finished ?? true,
    store,
  } as const;
  const options = { hashIsId: true, lenient: true };
  try {
    const { event } = await request.operations.sendEvent(request.caller, input, options);
    return { id: hexOfId(event.id) };
  } catch (error) {
    return { id: hexOfId(storedDespite(error, dependsOn)) };
  }
}

/** A handler's failure does not undo the event. */
function storedDespite(error: unknown, dependsOn: string | null): string {
  if (!(error instanceof ThroughlineError)) throw error;
  const { eventId } = error.details;
  if (error.code === 'HANDLER_FAILED' && typeof eventId === 'string') return eventId;
  if (error.code === 'NOT_FOUND' && dependsOn !== null) throw new AyonRefusal(409, error.message);
  throw error;
}

export async function readEvent({ operations }: AyonRequest, hexId: string): Promise<object> {
  const id = idOfHex(hexId, 'id');
  const event = (await operations.eventsByIds([id], answeredFields)).get(id);
  if (event === undefined) throw new AyonRefusal(404, `There is no event ${hexId}.`);
  return eventBody(event);
}

export async function updateEvent(request: AyonRequest, hexId: string, text: string): Promise<void> {
  const id = idOfHex(hexId, 'id');
  const body = readBodyAs('updateEvent', text);
  const { progress = null, attempt = null, ...content } = body;
  // Progress alone changes nothing that can be read.
  const isProgressOnly = progress !== null && Object.keys(content).length === 0;
  const sender = body.sender || request.sender;
  await request.operations.updateEvent(
    request.caller,
    {
      id,
      status: body.status === undefined ? null : (statusOfName(body.status) ?? null),
      progress,
      description: body.description ?? null,
      summary: body.summary ?? null,
      payload: body.payload ?? null,
      retries: body.retries ?? null,
      project: body.project || body.projectName || null,
      user: body.user || null,
      sender: isProgressOnly ? null : sender,
      attempt,
    },
    { lenient: true, sender },
  );
}

/** One that is gone already is no error, since clients repeat requests. */
export async function deleteEvent({ caller, operations }: AyonRequest, hexId: string): Promise<void> {
  try {
    await operations.deleteEvent(caller, idOfHex(hexId, 'id'));
  } catch (error) {
    if (!(error instanceof ThroughlineError && error.code === 'NOT_FOUND')) throw error;
  }
}
