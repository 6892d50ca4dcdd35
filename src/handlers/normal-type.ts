// events.NormalType: elements for what services publish.
import { EventElement } from './event-element.ts';

/** Its function is called with the published arguments; its topic is the configured `sender`. */
export class NormalType extends EventElement {
  override getSender(): string {
    return this.config.sender as string;
  }
}
