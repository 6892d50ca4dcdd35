// The waiting nextEvent calls of this process by subscription, and which of them the next pass must serve.
import type { WaitingNext } from './assign-events.ts';

export class WaitingCalls {
  /** Order of arrival of each call. */
  readonly #all = new Map<WaitingNext, number>();
  readonly #bySubscription = new Map<string, Set<WaitingNext>>();
  /** Calls to serve in the next pass. */
  readonly #open = new Set<WaitingNext>();
  #arrivals = 0;

  get size(): number {
    return this.#all.size;
  }

  /** Adds a call, to be served in the next pass. */
  add(call: WaitingNext): void {
    this.#all.set(call, (this.#arrivals += 1));
    this.#open.add(call);
    for (const id of call.request.ids) {
      const own = this.#bySubscription.get(id);
      if (own) own.add(call);
      else this.#bySubscription.set(id, new Set([call]));
    }
  }

  remove(call: WaitingNext): void {
    this.#all.delete(call);
    this.#open.delete(call);
    for (const id of call.request.ids) {
      const own = this.#bySubscription.get(id);
      own?.delete(call);
      if (own?.size === 0) this.#bySubscription.delete(id);
    }
  }

  /** Marks the calls waiting for this subscription for the next pass. */
  open(subscriptionId: string): void {
    for (const call of this.#bySubscription.get(subscriptionId) ?? []) this.#open.add(call);
  }

  /** Marks a call for the next pass, if it is still waiting. */
  reopen(call: WaitingNext): void {
    if (this.#all.has(call)) this.#open.add(call);
  }

  /** Takes the calls to serve, in order of arrival. Other calls cost nothing. */
  takeOpen(): readonly WaitingNext[] {
    const taken = [...this.#open];
    this.#open.clear();
    return taken.sort((a, b) => this.#all.get(a)! - this.#all.get(b)!);
  }

  fail(error: Error): void {
    for (const call of this.#all.keys()) call.fail(error);
  }

  giveUp(): void {
    for (const call of this.#all.keys()) call.giveUp();
  }
}
