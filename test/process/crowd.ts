// Everybody who uses a gateway over all its lives: senders, their ledger, and two subscribers.
import { expect, vi } from 'vitest';
import { Address } from './address.ts';
import { Follower } from './follower.ts';
import { changesOf, discrepancies, Ledger, readAll } from './ledger.ts';
import { Senders } from './senders.ts';

/** For waiting for facts: the end of this patience fails the test. */
export const patience = { timeout: 60_000, interval: 5 };

const senderCount = 8;

export class Crowd {
  readonly address = new Address();
  readonly ledger = new Ledger();
  readonly feed = Follower.ofFeed(this.address);
  readonly statuses = Follower.ofRequest(this.address, 'kill-0');
  readonly senders = new Senders(senderCount, this.address, this.ledger);

  /** Resolves when that many more answers have come, and the feed has told of something more. */
  async busy(answers: number): Promise<void> {
    const enough = this.ledger.answers + answers;
    const seen = this.feed.changes.length;
    await vi.waitFor(() => {
      expect(this.ledger.answers).toBeGreaterThanOrEqual(enough);
      expect(this.feed.changes.length).toBeGreaterThan(seen);
    }, patience);
  }

  /**
   * Ends the sending, and fails unless the gateway at `url` has all that was answered, nothing twice, and both
   * subscribers have seen each change once, in the order of the log.
   */
  async settle(url: string): Promise<void> {
    await this.senders.finish();
    expect(await discrepancies(this.ledger, url)).toEqual([]);
    const stored = await readAll(url);
    const repeatable = [...this.ledger.snapshot().attempts.values()].filter(({ hash }) => hash !== null);
    expect(stored.filter(({ hash }) => hash !== null)).toHaveLength(repeatable.length);
    expect(stored.filter(({ status, history }) => status !== history.at(-1)?.to)).toEqual([]);
    const ofRequest = stored.filter(({ requestId }) => requestId === 'kill-0');
    expect(ofRequest).not.toEqual([]);
    await expectNotified(this.feed, changesOf(stored));
    await expectNotified(this.statuses, changesOf(ofRequest));
    await Promise.all([this.feed.stop(), this.statuses.stop()]);
  }
}

async function expectNotified(follower: Follower, changes: ReturnType<typeof changesOf>): Promise<void> {
  await vi.waitFor(() => expect(follower.changes.at(-1)).toEqual(changes.at(-1)), patience);
  expect(follower.changes).toEqual(changes);
}
