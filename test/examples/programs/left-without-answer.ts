// Asks where fetch is left with neither an answer nor anything that would keep the process alive, and then asks again.
import { Gateway } from '../../../examples/webhook/gateway.ts';

let asked = 0;
globalThis.fetch = (_url, { signal } = {}) => {
  asked += 1;
  if (asked > 1) return Promise.resolve(Response.json({ data: { asked } }));
  return new Promise((_resolve, reject) => {
    signal!.addEventListener('abort', () => reject(signal!.reason as Error));
  });
};

const gateway = new Gateway('http://nowhere', 'key', (what) => process.stdout.write(`${what}\n`));
process.stdout.write(`${JSON.stringify(await gateway.insist('{ asked }', {}, { withinMs: 100 }))}\n`);
