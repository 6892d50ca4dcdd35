// What a consumer is called, and where its counts stop.

/** Where the gateway stops counting. */
export const countCap = 25_000;

/** Its name, or what its jobs are called. */
export function titleOf({ name, targetTopic }: { name?: string | null; targetTopic: string }): string {
  return name ?? targetTopic;
}
