// Workflow events: their payloads, and the names of nodes and of actions at a node.
import { badInput } from '../../base/errors.ts';
import { nearest } from '../cel/language/suggest.ts';
import { isJsonObject, type JsonObject } from '../values/json.ts';

export const workflowOperations = ['Process', 'NodeChange', 'NodeHandled'] as const;
export type WorkflowOperation = (typeof workflowOperations)[number];

/** Actions at a node, in the older and newer names; `transfer` and `transmit` are the same. */
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

/** The payload of an `events.WorkflowType` event. */
export interface WorkflowPayload {
  /** Full name of the model whose row is in the workflow, and also the sender. */
  readonly model: string;
  readonly operate: WorkflowOperation;
  /** The fields of the row. */
  readonly row: JsonObject;
  /** Status of the workflow; required for Process. */
  readonly status?: string | null;
  /** The node of the action; required for NodeHandled. */
  readonly nodeId?: string | null;
  readonly nodeTitle?: string | null;
  /** `<node>`, `before.<node>` or `after.<node>`; required for NodeChange. */
  readonly triggerNode?: string | null;
  /** The action; required for NodeHandled. */
  readonly handleType?: string | null;
}

const needed: Readonly<Record<WorkflowOperation, readonly (keyof WorkflowPayload)[]>> = {
  Process: ['status'],
  NodeChange: ['triggerNode'],
  NodeHandled: ['nodeId', 'handleType'],
};

/**
 * Refuses a payload that is not a WorkflowPayload with BAD_USER_INPUT, the path and a correction. If `model`, the
 * event's sender, is given, the payload must name the same one. Further fields are allowed.
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
    if (needed[operate].includes(field)) checkName(payload, field, `a non-empty string for ${operate}`);
    else if (payload[field] != null && typeof payload[field] !== 'string') {
      throw badInput(`payload.${field} must be a string or omitted, not ${shown(payload[field])}.`);
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

/** Refuses a value that is not one of the words with BAD_USER_INPUT, and suggests the nearest. */
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

/** Whether two names mean the same action. */
export function isSameHandleType(one: string, other: string): boolean {
  return one === other || (isPassedOn(one) && isPassedOn(other));
}

function isPassedOn(handleType: string): boolean {
  return handleType === HandleTypeEnum.transfer || handleType === HandleTypeEnum.transmit;
}

/**
 * Whether an element for the node `wanted` handles the node change `triggerNode`. A plain node name matches before
 * and after, as in older configurations; `before.<node>` and `after.<node>` match only themselves.
 */
export function isNodeWanted(wanted: string, triggerNode: string): boolean {
  return wanted === triggerNode || triggerNode === `before.${wanted}` || triggerNode === `after.${wanted}`;
}
