// A workflow engine, as far as a gateway gets to know it: what happens to a row on its way is sent as events.
import type { Client } from 'throughline-client';

const sendMutation = `mutation Send($input: SendEventInput!) {
  sendEvent(input: $input) { event { id requestId } }
}`;

interface Sent {
  readonly id: string;
  readonly requestId: string;
}

export class Workflow {
  readonly #gateway: Client;

  constructor(gateway: Client) {
    this.#gateway = gateway;
  }

  /** A row sets out: all that happens to it hangs below this event, in a request of its own. */
  async begin(model: string, row: object): Promise<Course> {
    const began = await this.send({ topic: 'workflow.begun', payload: { model, row } });
    return new Course(this, began, { model, row });
  }

  async send(input: object): Promise<Sent> {
    const { sendEvent } = await this.#gateway.mutate<{ sendEvent: { event: Sent } }, object>(sendMutation, {
      input,
    });
    return sendEvent.event;
  }
}

/** The course of one row through its workflow. */
export class Course {
  readonly requestId: string;
  readonly #workflow: Workflow;
  readonly #beginning: string;
  readonly #subject: { readonly model: string; readonly row: object };

  constructor(workflow: Workflow, began: Sent, subject: { readonly model: string; readonly row: object }) {
    this.requestId = began.requestId;
    this.#workflow = workflow;
    this.#beginning = began.id;
    this.#subject = subject;
  }

  /** The workflow as a whole has another status. */
  process(status: string): Promise<Sent> {
    return this.#send(status, { operate: 'Process', status });
  }

  /** The row comes to a node, or leaves it: `before.<node>`, `after.<node>`. */
  changeNode(triggerNode: string): Promise<Sent> {
    return this.#send(triggerNode, { operate: 'NodeChange', triggerNode });
  }

  /** Somebody has done something at a node. */
  handleNode(nodeId: string, nodeTitle: string, handleType: string): Promise<Sent> {
    return this.#send(`${handleType} at ${nodeId}`, {
      operate: 'NodeHandled',
      nodeId,
      nodeTitle,
      handleType,
    });
  }

  #send(description: string, what: object): Promise<Sent> {
    return this.#workflow.send({
      sender: this.#subject.model,
      eventType: 'events.WorkflowType',
      dependsOn: this.#beginning,
      description,
      payload: { ...this.#subject, ...what },
    });
  }
}
