// events.NormalType: elements for events that services publish.
import { EventElement } from '../app/event-element.ts';

/** The function is called with the published arguments; the topic is the configured `sender`. */
export class NormalType extends EventElement {
  override getSender(): string {
    return this.config.sender as string;
  }
}
