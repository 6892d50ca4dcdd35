// Turns of the event loop: work that holds it, and how often it turned during other work.

/** Holds the event loop for longer than a slice. */
export function workForASlice(): void {
  const end = performance.now() + 11;
  while (performance.now() < end);
}

/** The result of the work, and the number of turns during it. */
export async function countTurns<Result>(
  work: () => Result | Promise<Result>,
): Promise<{ readonly result: Result; readonly turns: number }> {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const result = await work();
  isDone = true;
  return { result, turns };
}
