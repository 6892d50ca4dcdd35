// The types of build-console.mjs.
export function buildConsole(): Promise<void>;
