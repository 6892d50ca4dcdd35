// Who waits at the subscriptions of this process, found by subscription, and for whom of them there may be something.
import type { NextWaiter } from './dealing.ts';

export class Callers {
  /** With the number of each, in the order in which they came. */
  readonly #all = new Map<NextWaiter, number>();
  readonly #bySubscription = new Map<string, Set<NextWaiter>>();
  /** Those to be looked for. */
  readonly #open = new Set<NextWaiter>();
  #came = 0;

  get size(): number {
    return this.#all.size;
  }

  /** It is to be looked for. */
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

  /** There may be something new for those who wait there. */
  open(subscriptionId: string): void {
    for (const waiter of this.#bySubscription.get(subscriptionId) ?? []) this.#open.add(waiter);
  }

  /** It is to be looked for again, if it still waits. */
  reopen(waiter: NextWaiter): void {
    if (this.#all.has(waiter)) this.#open.add(waiter);
  }

  /** Those to be looked for, first come first; an event costs the others nothing. */
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
