// The types of generate-prisma.mjs.

/** Generates into `generated/` unless what is there is current. */
export function ensureGenerated(): Promise<void>;
/** Runs each generator of prisma/schema.prisma; writes below `into`. */
export function generate(into: string): Promise<void>;
/** Hashes what the generated files depend on. */
export function fingerprint(): string;
