// A job as its handler sees it.
import type { Sent, SendOptions } from '../sending/send.ts';
import type { PayloadOf, SummaryOf, TopicOf } from '../topics.ts';
import type { ClaimedJob } from './job-source.ts';

type Source = NonNullable<ClaimedJob['source']>;

/** The event that a job is for. */
export interface SourceEvent<Topics, Topic extends string> extends Omit<
  Source,
  'topic' | 'payload' | 'summary'
> {
  readonly topic: Topic;
  readonly payload: PayloadOf<Topics, Topic>;
  readonly summary: SummaryOf<Topics, Topic>;
}

export interface Job<Topics, Topic extends string> {
  /** The id of the job's own event. */
  readonly id: string;
  /** 1 for the first claim, one more for each further one. */
  readonly attempt: number;
  /** Retries so far. */
  readonly retries: number;
  readonly requestId: string;
  /** The event that the job is for; null for a job of a plain queue. */
  readonly source: SourceEvent<Topics, Topic> | null;
  /** The payload of the source; of a plain queue, of the job itself. */
  readonly payload: PayloadOf<Topics, Topic>;
  /** Aborted when the lease is lost, the job is aborted, or the worker's time to stop is over: then end the work. */
  readonly signal: AbortSignal;
  /** Reports progress, 0 to 100, to watchers. While a report is on its way, only the latest one waits. */
  progress(percent: number, description?: string): Promise<void>;
  /**
   * Sends a child of the job. A job may run more than once: the `hash` is the job's id, the topic and the number of sends
   * with this topic so far, unless given, so that each event is sent once if the runs send in the same order.
   */
  send<Sending extends TopicOf<Topics>>(
    topic: Sending,
    payload: PayloadOf<Topics, Sending>,
    options?: SendOptions & { readonly summary?: SummaryOf<Topics, Sending> },
  ): Promise<Sent>;
}
