// Bare ws: sends the text that its parent gives it to all sockets, so many times.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const server = createServer();
// As ws advises for speed: no compression.
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
process.on('message', ({ text, times }) => {
  const bytes = Buffer.from(text);
  for (let n = 0; n < times; n += 1)
    for (const socket of sockets.clients) socket.send(bytes, { binary: false });
});
process.on('SIGTERM', () => process.exit(0));
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`serves at http://127.0.0.1:${server.address().port}\n`),
);
