// What the example does, from top to bottom: it subscribes to a webhook, waits for its requests, and tidies up.
import { Gateway } from './gateway.ts';
import { EventQueue, type Received } from './event-queue.ts';
import { webhookNamed } from './trigger.ts';

export interface Settings {
  readonly url: string;
  readonly key: string;
  /** The name of the webhook; it is made where there is none. */
  readonly trigger: string;
  /** How long it waits for the second request, in milliseconds. */
  readonly withinMs: number;
  /** Aborted to stop it. */
  readonly stop: AbortSignal;
  readonly say: (line: string) => void;
}

/** A webhook's event tells the whole request. */
interface Request {
  readonly method: string;
  readonly raw_url: string;
  readonly body: { readonly text: string | null };
}

/** Resolves when it has done its steps, or was stopped; either way it leaves no subscription behind. */
export async function run({ url, key, trigger, withinMs, stop, say }: Settings): Promise<void> {
  const gateway = new Gateway(url, key, say);
  const queue = new EventQueue(gateway, trigger, stop);
  try {
    const path = await webhookNamed(gateway, trigger, stop);
    const gets = await queue.subscribe(`data.method == 'GET' && data.url.path.endsWith('/meow')`);
    say(`Waiting as long as it takes for a GET of ${url.replace(/\/+$/, '')}${path}/meow`);
    const first = await queue.next<Request>([gets]);
    say(told(first));
    await queue.done(first);

    const posts = await queue.subscribe(`data.method == 'POST' && data.url.path.endsWith('/meow')`);
    say(`Waiting for another GET, or a POST, for ${withinMs} ms`);
    const second = await queue.next<Request>([gets, posts], withinMs);
    if (second === null) say('None came in time');
    else {
      say(`${told(second)}, ${second.subscriptionId === posts ? 'the POST' : 'a GET again'}`);
      await queue.done(second);
    }
  } catch (error) {
    if (!stop.aborted) throw error;
    say('Stopped');
  } finally {
    await queue.unsubscribe();
  }
  say('Done');
}

function told({ event: { payload } }: Received<Request>): string {
  const { method, raw_url: address, body } = payload;
  return `Got ${method} ${address}${body.text ? ` with ${JSON.stringify(body.text)}` : ''}`;
}
