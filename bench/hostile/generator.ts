// The load generator, a process of its own: prepares one load, then runs it on request.
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { HostileClient } from './client.ts';
import { loads } from './loads.ts';

const [url = '', name = ''] = process.argv.slice(2);
const load = loads.find((one) => one.name === name)!;

// A client's machine is another one: what it does takes no time from the gateway and its database.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
process.once('disconnect', () => process.exit());

const client = new HostileClient(url);
const prepared = (await load.prepare?.(client)) ?? '';
process.send!('prepared');
await once(process, 'message');
await load.run(client, prepared);
process.send!('over');
