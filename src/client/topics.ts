// The types of topics: what `throughline codegen` writes, and what sends, watches and workers make of it.

export interface TopicTypes {
  readonly payload: object;
  readonly summary: object;
}

/** Of a client without generated types: any topic, with any JSON. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyTopics = Record<string, { payload: any; summary: any }>;

/** A topic of `Topics`. */
export type TopicOf<Topics> = Extract<keyof Topics, string>;

/** The payload of a topic; of a pattern such as `order.*`, which is no declared topic, any JSON. */
export type PayloadOf<Topics, Topic extends string> = Topic extends keyof Topics
  ? Topics[Topic] extends { readonly payload: infer Payload }
    ? Payload
    : never
  : // eslint-disable-next-line @typescript-eslint/no-explicit-any
    any;

/** The summary of a topic; of a pattern, any JSON. */
export type SummaryOf<Topics, Topic extends string> = Topic extends keyof Topics
  ? Topics[Topic] extends { readonly summary: infer Summary }
    ? Summary
    : never
  : // eslint-disable-next-line @typescript-eslint/no-explicit-any
    any;
