// The structured log: one JSON line per entry on standard error, scoped by child loggers.
import type { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import { BoundedOutput } from './bounded-output.ts';

export type { Logger };

/** `level` is one of pino's: silent, error, warn, info (the default), debug. */
export function createLogger(level: string = 'info', stream: Writable = process.stderr): Logger {
  const base = { pid: process.pid };
  const output = new BoundedOutput(stream, (dropped) => {
    const msg = `${dropped} log lines were dropped because the output was not read`;
    return `${JSON.stringify({ level: 40, time: Date.now(), ...base, name: 'throughline', msg })}\n`;
  });
  return pino({ name: 'throughline', level, base }, output);
}
