// The heartbeats themselves: one function without imports, so that its text can run in a thread.

export interface HeldLease {
  /** The id of the job. */
  readonly id: string;
  readonly attempt: number;
}

export interface LeaseMessage {
  readonly hold?: HeldLease;
  /** `id/attempt`. */
  readonly release?: string;
  readonly authorization?: string | undefined;
}

export interface HeartbeatPort {
  listen(listener: (message: LeaseMessage) => void): void;
  /** Tells that a lease is over; `id/attempt`. */
  lost(key: string): void;
}

export interface HeartbeatSettings {
  readonly url: string;
  readonly leaseMs: number;
  /** The mutation that extends a lease. */
  readonly document: string;
}

/**
 * Extends each held lease at a third of its length, which leaves time for two more tries. Its end is reckoned by this
 * machine's clock from before the request. Returns a function that ends it.
 */
export function keepLeases(port: HeartbeatPort, { url, leaseMs, document }: HeartbeatSettings): () => void {
  const held = new Map<string, { lease: HeldLease; endsAt: number; timer: ReturnType<typeof setTimeout> }>();
  const everyMs = Math.floor(leaseMs / 3);
  let authorization: string | undefined;

  async function extend({ id: eventId, attempt }: HeldLease): Promise<'kept' | 'lost' | 'unknown'> {
    const ending = new AbortController();
    const timer = setTimeout(() => ending.abort(), everyMs);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
        body: JSON.stringify({ query: document, variables: { eventId, attempt, leaseMs } }),
        signal: ending.signal,
      });
      const { errors = [] } = (await response.json()) as { errors?: { extensions?: { code?: string } }[] };
      if (errors.length === 0) return 'kept';
      return ['LEASE_LOST', 'NOT_FOUND'].includes(errors[0]?.extensions?.code ?? '') ? 'lost' : 'unknown';
    } catch {
      return 'unknown';
    } finally {
      clearTimeout(timer);
    }
  }

  async function beat(key: string): Promise<void> {
    const entry = held.get(key);
    if (!entry) return;
    const askedAt = Date.now();
    const outcome = await extend(entry.lease);
    if (held.get(key) !== entry) return;
    if (outcome === 'kept') entry.endsAt = askedAt + leaseMs;
    if (outcome === 'lost' || Date.now() >= entry.endsAt) {
      held.delete(key);
      port.lost(key);
      return;
    }
    const waitMs = outcome === 'kept' ? everyMs : Math.min(everyMs, 1_000);
    entry.timer = setTimeout(() => void beat(key), waitMs);
  }

  port.listen((message) => {
    if ('authorization' in message) authorization = message.authorization;
    if (message.hold !== undefined) {
      const lease = message.hold;
      const key = `${lease.id}/${lease.attempt}`;
      const timer = setTimeout(() => void beat(key), everyMs);
      held.set(key, { lease, endsAt: Date.now() + leaseMs, timer });
    }
    if (message.release !== undefined) {
      clearTimeout(held.get(message.release)?.timer);
      held.delete(message.release);
    }
  });
  return () => {
    for (const { timer } of held.values()) clearTimeout(timer);
    held.clear();
  };
}
