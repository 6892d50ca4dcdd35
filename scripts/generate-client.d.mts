// The types of generate-client.mjs.
export function ensureClientGenerated(): Promise<void>;
