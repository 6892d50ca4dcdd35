// Told a folder per line, tries to lock it, and prints `held` or the refusal; holds what it has until it is killed.
import { createInterface } from 'node:readline';
import { lockFolder } from '../../../src/database/embedded/folder-lock.ts';

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

print('ready');
for await (const folder of createInterface({ input: process.stdin })) {
  await lockFolder(folder).then(
    () => print('held'),
    (refusal: Error) => print(`${refusal.name}: ${refusal.message}`),
  );
}
