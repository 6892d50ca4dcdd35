// Model events: the seven moments of writing a row, and their payloads.
import { badInput } from '../../base/errors.ts';
import { isJsonObject, type JsonObject } from '../values/json.ts';
import { checkChoice } from '../handlers/workflow.ts';

/** FieldUpdateAfter follows every write. */
export const modelMoments = [
  'AddBefore',
  'AddAfter',
  'UpdateBefore',
  'UpdateAfter',
  'DeleteBefore',
  'DeleteAfter',
  'FieldUpdateAfter',
] as const;
export type ModelMoment = (typeof modelMoments)[number];

/** The topic of a model's events for one moment. */
export function modelTopic(model: string, moment: string): string {
  return `${model}_${moment}`;
}

/** The topic for a sender that is a model, with the moment in the payload, or that names both already. */
export function topicOfModel(sender: string, payload: JsonObject): string {
  const moment = momentOf(payload);
  if (moment === null || modelMoments.some((known) => sender.endsWith(`_${known}`))) return sender;
  return modelTopic(sender, moment);
}

/** The moment in a payload: `optType` or `operate`; null if absent. */
export function momentOf(payload: JsonObject): string | null {
  const moment = payload.optType ?? payload.operate;
  return typeof moment === 'string' ? moment : null;
}

/**
 * Refuses an invalid payload of the type `events.ModelType` with BAD_USER_INPUT: an unknown moment, or data that are not
 * rows. Every field is optional, and further fields are allowed.
 */
export function checkModelPayload(payload: JsonObject): void {
  if (payload.model != null && typeof payload.model !== 'string') {
    throw badInput('payload.model must be the full name of a model, such as "models.UserModel".');
  }
  for (const field of ['optType', 'operate'] as const) {
    if (payload[field] != null) checkChoice(`payload.${field}`, payload[field], modelMoments);
  }
  for (const field of ['prevData', 'postData'] as const) {
    if (payload[field] != null && !isJsonObject(payload[field])) {
      throw badInput(`payload.${field} must be an object of the row's fields, or omitted.`);
    }
  }
}
