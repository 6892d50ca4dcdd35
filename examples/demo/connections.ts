// The demo's two clients of a gateway: one for everything, and one for the feed, whose connection is cut on purpose.
import { type Client, createClient } from 'throughline-client';
import { WebSocket } from 'ws';

export interface Connections {
  readonly gateway: Client;
  readonly feed: Client;
  /** Cuts the connection of the feed, as a network does. */
  cutFeed(): void;
  close(): Promise<void>;
}

export function connect(url: string, key: string): Connections {
  const sockets = new Set<WebSocket>();
  class CuttableSocket extends WebSocket {
    constructor(address: string, protocols?: string | string[]) {
      super(address, protocols);
      sockets.add(this);
      this.on('close', () => sockets.delete(this));
    }
  }
  const gateway = createClient({ url, key, webSocket: WebSocket });
  const feed = createClient({ url, key, webSocket: CuttableSocket });
  return {
    gateway,
    feed,
    cutFeed: () => sockets.forEach((socket) => socket.terminate()),
    close: async () => {
      await Promise.all([gateway.close(), feed.close()]);
    },
  };
}
