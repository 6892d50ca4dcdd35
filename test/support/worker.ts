// A worker as a process of its own: started, listened to, stopped and killed; none outlives its test file.
import { fileURLToPath } from 'node:url';
import { Program, type Settings } from './program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export class WorkerProcess extends Program {
  /** `program` is a path from the repository's root; what is TypeScript is translated as it is loaded. */
  constructor(program: string, settings: Settings) {
    const loader = program.endsWith('.ts') ? ['--import', 'tsx'] : [];
    super('worker', [...loader, program], root, settings);
  }

  /** The orderly end: how it ended. */
  readonly stop = () => this.terminate();
}
