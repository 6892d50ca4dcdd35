// Questions to a person at a terminal.
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { usageError } from '../failure.ts';

/** False unless the answer is yes. Without a terminal to ask at, it is a usage error that names the option. */
export async function confirm(question: string, option: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw usageError('There is no terminal to ask at.', `Give ${option} to do it without a question.`);
  const answer = await ask(`${question} [y/N] `, process.stderr);
  return /^y(es)?$/i.test(answer.trim());
}

/** What is typed is not shown. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await ask('', silent);
  process.stderr.write('\n');
  return answer.trim();
}

async function ask(question: string, output: NodeJS.WritableStream): Promise<string> {
  const reader = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      reader.once('SIGINT', () => {
        process.stderr.write('\n');
        process.kill(process.pid, 'SIGINT');
      });
      reader.once('close', () => resolve(''));
      reader.question(question).then(resolve, reject);
    });
  } finally {
    reader.close();
  }
}
