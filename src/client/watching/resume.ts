// A subscription that survives its connections: opened again after the last position seen, with growing pauses.
import { isTemporary, isThroughlineError, type ThroughlineError } from '../errors.ts';
import { backoffMs, pause } from '../connection/backoff.ts';

/** The state of a stream. */
export type StreamState =
  | { readonly status: 'connecting' | 'connected' }
  /** The connection was lost, or could not be made; `failures` attempts in a row have failed. */
  | {
      readonly status: 'reconnecting';
      readonly failures: number;
      readonly error: ThroughlineError | undefined;
    };

export interface ResumeParts<Item> {
  readonly signal: AbortSignal;
  readonly onState?: ((state: StreamState) => void) | undefined;
  /** Opens the stream where it was left. */
  open(onOpen: () => void): AsyncIterable<Item>;
  /** Called when the gateway refused the credentials. Returns whether others can be tried. */
  renew(): boolean;
}

/** Ends when its signal is aborted; throws what cannot succeed later. */
export async function* resume<Item>(parts: ResumeParts<Item>): AsyncGenerator<Item> {
  const { signal, onState = () => {} } = parts;
  let failures = 0;
  let isRenewed = false;
  onState({ status: 'connecting' });
  while (!signal.aborted) {
    let error: ThroughlineError | undefined;
    let isOverflow = false;
    try {
      for await (const item of parts.open(() => onState({ status: 'connected' }))) {
        failures = 0;
        isRenewed = false;
        isOverflow = true;
        if (signal.aborted) return;
        yield item;
      }
    } catch (failure) {
      isOverflow = false;
      const isRefused = isThroughlineError(failure, 'UNAUTHENTICATED');
      if (!isTemporary(failure) && !(isRefused && !isRenewed && parts.renew())) throw failure;
      isRenewed ||= isRefused;
      error = failure as ThroughlineError;
    }
    if (signal.aborted) return;
    // A stream that ended without a failure after it delivered is that of a slow reader, who has now caught up.
    if (isOverflow) continue;
    failures += 1;
    onState({ status: 'reconnecting', failures, error });
    await pause(error?.code === 'SLOW_SUBSCRIBER' ? 0 : backoffMs(failures), signal);
  }
}
