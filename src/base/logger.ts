// The structured log: one JSON line per entry on standard error, scoped by child loggers.
import { destination, type Logger, pino } from 'pino';

export type { Logger };

/** `level` is one of pino's: silent, error, warn, info (the default), debug. */
export function createLogger(level: string = 'info'): Logger {
  return pino({ name: 'throughline', level, base: { pid: process.pid } }, destination({ fd: 2, sync: true }));
}
