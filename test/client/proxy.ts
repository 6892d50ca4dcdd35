// A TCP proxy between a client and a gateway whose connections a test can cut.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class Proxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: string;
  /** While true, new connections are closed at once. */
  isAway = false;
  connections = 0;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#forward(socket));
  }

  static async to(url: string): Promise<Proxy> {
    const proxy = new Proxy(url);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Further connections go there. */
  set target(url: string) {
    this.#target = url;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #forward(socket: Socket): void {
    this.connections += 1;
    if (this.isAway) return void socket.destroy();
    const { hostname, port } = new URL(this.#target);
    const onward = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}
