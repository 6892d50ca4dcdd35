// A second client, a process of its own: asks for the viewer every 25 ms and tells how long its slowest call took.
import http from 'node:http';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { clearInterval, setInterval } from 'node:timers';

const [url, key] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });
const body = JSON.stringify({ query: '{ viewer { name } }' });
const headers = {
  authorization: `Bearer ${key}`,
  'content-type': 'application/json',
  'content-length': body.length,
};
const open = new Set();
let longest = 0;

function ping() {
  const began = performance.now();
  const end = () => {
    if (open.delete(began)) longest = Math.max(longest, performance.now() - began);
  };
  open.add(began);
  http
    .request(`${url}/graphql`, { agent, method: 'POST', headers }, (answer) =>
      answer.resume().once('end', end),
    )
    .once('error', end)
    .end(body);
}

let timer;
process.on('message', (message) => {
  if (message === 'begin') {
    longest = 0;
    timer = setInterval(ping, 25);
    return;
  }
  clearInterval(timer);
  for (const began of open) longest = Math.max(longest, performance.now() - began);
  process.send(longest);
});
process.once('disconnect', () => process.exit());
ping();
process.send('ready');
