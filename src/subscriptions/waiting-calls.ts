// The waiting nextEvent calls of this process by subscription, and which of them the next pass must serve.
import type { NextWaiter } from './assign-events.ts';

export class Callers {
  /** Order of arrival of each call. */
  readonly #all = new Map<NextWaiter, number>();
  readonly #bySubscription = new Map<string, Set<NextWaiter>>();
  /** Calls to serve in the next pass. */
  readonly #open = new Set<NextWaiter>();
  #came = 0;

  get size(): number {
    return this.#all.size;
  }

  /** Adds a call, to be served in the next pass. */
  add(waiter: NextWaiter): void {
    this.#all.set(waiter, (this.#came += 1));
    this.#open.add(waiter);
    for (const id of waiter.call.ids) {
      const own = this.#bySubscription.get(id);
      if (own) own.add(waiter);
      else this.#bySubscription.set(id, new Set([waiter]));
    }
  }

  remove(waiter: NextWaiter): void {
    this.#all.delete(waiter);
    this.#open.delete(waiter);
    for (const id of waiter.call.ids) {
      const own = this.#bySubscription.get(id);
      own?.delete(waiter);
      if (own?.size === 0) this.#bySubscription.delete(id);
    }
  }

  /** Marks the calls waiting for this subscription for the next pass. */
  open(subscriptionId: string): void {
    for (const waiter of this.#bySubscription.get(subscriptionId) ?? []) this.#open.add(waiter);
  }

  /** Marks a call for the next pass, if it is still waiting. */
  reopen(waiter: NextWaiter): void {
    if (this.#all.has(waiter)) this.#open.add(waiter);
  }

  /** Takes the calls to serve, in order of arrival. Calls that are not concerned cost nothing. */
  takeOpen(): readonly NextWaiter[] {
    const taken = [...this.#open];
    this.#open.clear();
    return taken.sort((a, b) => this.#all.get(a)! - this.#all.get(b)!);
  }

  fail(error: Error): void {
    for (const waiter of this.#all.keys()) waiter.fail(error);
  }

  giveUp(): void {
    for (const waiter of this.#all.keys()) waiter.giveUp();
  }
}
