// Events of approval workflows: what their payloads hold, and the words for nodes and for what was done at one.
import { badInput } from '../base/errors.ts';
import { nearest } from './cel/suggest.ts';
import { isJsonObject, type JsonObject } from './json.ts';

export const workflowOperations = ['Process', 'NodeChange', 'NodeHandled'] as const;
export type WorkflowOperation = (typeof workflowOperations)[number];

/** What can be done at a node, in the older words and the newer ones; `transfer` and `transmit` are the same act. */
export const HandleTypeEnum = Object.freeze({
  submit: 'submit',
  manualEnd: 'manualEnd',
  agree: 'agree',
  refuse: 'refuse',
  reject: 'reject',
  transfer: 'transfer',
  transmit: 'transmit',
});
export type HandleType = (typeof HandleTypeEnum)[keyof typeof HandleTypeEnum];

/** What an event of the type `events.WorkflowType` says. */
export interface WorkflowPayload {
  /** The full name of the model whose row is in the workflow; it is the sender as well. */
  readonly model: string;
  readonly operate: WorkflowOperation;
  /** The row's fields, as they are. */
  readonly row: JsonObject;
  /** Of the workflow; needed for Process. */
  readonly status?: string | null;
  /** Where something was done; needed for NodeHandled. */
  readonly nodeId?: string | null;
  readonly nodeTitle?: string | null;
  /** `<node>`, `before.<node>` or `after.<node>`; needed for NodeChange. */
  readonly triggerNode?: string | null;
  /** What was done; needed for NodeHandled. */
  readonly handleType?: string | null;
}

const needed: Readonly<Record<WorkflowOperation, readonly (keyof WorkflowPayload)[]>> = {
  Process: ['status'],
  NodeChange: ['triggerNode'],
  NodeHandled: ['nodeId', 'handleType'],
};

/**
 * Refuses with BAD_USER_INPUT a payload that is not a WorkflowPayload, naming the path and what would be right. With a
 * `model`, which is the event's sender, the payload must name the same one. Further fields are allowed.
 */
export function checkWorkflowPayload(payload: JsonObject, model: string | null = null): void {
  checkName(payload, 'model', 'the full name of a model, such as "models.OrderModel"');
  if (model !== null && payload.model !== model) {
    throw badInput(
      `payload.model must be the sender, ${JSON.stringify(model)}, not ${JSON.stringify(payload.model)}.`,
    );
  }
  checkChoice('payload.operate', payload.operate, workflowOperations);
  if (!isJsonObject(payload.row)) {
    throw badInput(`payload.row must be an object of the row's fields, not ${shown(payload.row)}.`);
  }
  const operate = payload.operate as WorkflowOperation;
  for (const field of ['status', 'nodeId', 'nodeTitle', 'triggerNode', 'handleType'] as const) {
    if (needed[operate].includes(field))
      checkName(payload, field, `a text that is not empty, for ${operate}`);
    else if (payload[field] != null && typeof payload[field] !== 'string') {
      throw badInput(`payload.${field} must be a text, or left out, not ${shown(payload[field])}.`);
    }
  }
}

function checkName(payload: JsonObject, field: string, right: string): void {
  const value = Object.hasOwn(payload, field) ? payload[field] : undefined;
  if (typeof value === 'string' && value !== '') return;
  throw badInput(
    value === undefined
      ? `payload.${field} is missing; it must be ${right}.`
      : `payload.${field} must be ${right}, not ${shown(value)}.`,
  );
}

/** Refuses with BAD_USER_INPUT what is not one of the words, with the nearest. */
export function checkChoice(path: string, value: unknown, words: readonly string[]): void {
  if (typeof value === 'string' && words.includes(value)) return;
  const near = typeof value === 'string' ? nearest(value, words) : null;
  const hint = near === null ? '' : ` (did you mean ${near}?)`;
  throw badInput(`${path} must be one of ${words.join(', ')}, not ${shown(value)}${hint}.`);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Whether two words say that the same was done. */
export function isSameHandleType(one: string, other: string): boolean {
  return one === other || (isPassedOn(one) && isPassedOn(other));
}

function isPassedOn(handleType: string): boolean {
  return handleType === HandleTypeEnum.transfer || handleType === HandleTypeEnum.transmit;
}

/**
 * Whether an element that names `wanted` is for the node change `triggerNode`. A bare node is meant before and after, as
 * when there was no other way to write it; `before.<node>` and `after.<node>` mean only themselves.
 */
export function isNodeWanted(wanted: string, triggerNode: string): boolean {
  return wanted === triggerNode || triggerNode === `before.${wanted}` || triggerNode === `after.${wanted}`;
}
