// What definitions of commands get: the program or command that they are added to, and how they run.
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Session } from '../session.ts';

export type Parent = CommandUnknownOpts;

/** Runs what a command does, with its session. */
export type RunCommand = (command: (session: Session) => Promise<void>) => Promise<void>;
