// events.WorkflowType: elements for events of approval workflows.
import type { HandledEvent } from '../../domain/handlers/handler.ts';
import { isJsonObject, type JsonObject } from '../../domain/values/json.ts';
import { isNodeWanted, isSameHandleType } from '../../domain/handlers/workflow.ts';
import type { Arguments } from '../running/arguments.ts';
import { EventElement } from '../app/event-element.ts';
import { plainRow, type WorkflowRow, workflowRow } from './workflow-row.ts';

/** The first argument of a function that handles workflow events. */
export interface WorkflowEventData {
  readonly row: WorkflowRow;
  /** Status of the workflow. */
  readonly status: { value: string | null };
  readonly model: string;
  /** Process, NodeChange or NodeHandled. */
  readonly operate: string;
  readonly nodeId: string | null;
  readonly nodeTitle: string | null;
  /** As sent: `<node>`, `before.<node>` or `after.<node>`. */
  readonly triggerNode: string | null;
  /** As sent. */
  readonly handleType: string | null;
}

/**
 * The function is called with a WorkflowEventData, for NodeChange also with the triggerNode, and for NodeHandled with
 * handleType, nodeId and nodeTitle. Nodes and handle types are spelled as in the element's configuration, if it names
 * them. The topic is the model.
 */
export class WorkflowType extends EventElement {
  override getSender(): string {
    return this.config.model as string;
  }

  /** Whether the model, the moment, and the node and handle type, if configured, match the event. */
  override isValid(...args: unknown[]): boolean | Promise<boolean> {
    const data = args[0] as Partial<WorkflowEventData> | undefined;
    if (data?.model !== this.config.model || data?.operate !== this.operate) return false;
    const { triggerNode, handleType, handleNode } = this.config;
    if (this.operate === 'NodeChange') {
      return isUnset(triggerNode) || this.#wordForNode(data.triggerNode) !== null;
    }
    if (this.operate !== 'NodeHandled') return true;
    return (
      (isUnset(handleNode) || handleNode === data.nodeId) &&
      (isUnset(handleType) || this.#wordForAct(data.handleType) !== null)
    );
  }

  /** The element's own name for the node; null if the element does not have the node. */
  #wordForNode(node: string | null | undefined): string | null {
    return wordFor(this.config.triggerNode, node, isNodeWanted);
  }

  #wordForAct(handleType: string | null | undefined): string | null {
    return wordFor(this.config.handleType, handleType, isSameHandleType);
  }

  override buildTaskParams(...args: unknown[]): Record<string, unknown> | Promise<Record<string, unknown>> {
    const { row, status, model, ...where } = args[0] as WorkflowEventData;
    return { ...where, row: plainRow(row), status: status.value, modelFullName: model };
  }

  override recoverTaskParams(
    params: Record<string, unknown>,
  ):
    | [args: readonly unknown[], kwargs: Arguments['kwargs']]
    | Promise<[args: readonly unknown[], kwargs: Arguments['kwargs']]> {
    return [this.#argumentsFor({ ...params, model: params.modelFullName } as JsonObject), {}];
  }

  override argumentsOf({ payload }: HandledEvent): readonly unknown[] {
    return this.#argumentsFor(payload);
  }

  #argumentsFor(payload: JsonObject): readonly unknown[] {
    const model = text(payload.model) ?? '';
    const data: WorkflowEventData = {
      row: workflowRow(model, isJsonObject(payload.row) ? payload.row : {}, this.saverOf(model)),
      status: { value: text(payload.status) },
      model,
      operate: text(payload.operate) ?? '',
      nodeId: text(payload.nodeId),
      nodeTitle: text(payload.nodeTitle),
      triggerNode: text(payload.triggerNode),
      handleType: text(payload.handleType),
    };
    if (this.operate === 'NodeChange') return [data, this.#wordForNode(data.triggerNode) ?? data.triggerNode];
    if (this.operate !== 'NodeHandled') return [data];
    return [data, this.#wordForAct(data.handleType) ?? data.handleType, data.nodeId, data.nodeTitle];
  }

  protected override toObject({ args }: Arguments): Record<string, unknown> {
    const [eventOutData, word, nodeId, nodeTitle] = args;
    if (this.operate === 'NodeChange') return { eventOutData, triggerNode: word };
    if (this.operate !== 'NodeHandled') return { eventOutData };
    return { eventOutData, handleType: word, nodeId, nodeTitle };
  }
}

/** The element's name for a value: the value itself if the element configures no names, null if no name matches. */
function wordFor(
  words: unknown,
  sent: string | null | undefined,
  means: (word: string, sent: string) => boolean,
): string | null {
  if (sent == null) return null;
  if (isUnset(words)) return sent;
  const list = (Array.isArray(words) ? words : [words]) as string[];
  // An exact match has precedence over an equivalent name.
  return list.find((word) => word === sent) ?? list.find((word) => means(word, sent)) ?? null;
}

function isUnset(config: unknown): boolean {
  return config == null || config === '' || (Array.isArray(config) && config.length === 0);
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
