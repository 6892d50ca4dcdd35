// The interface of HTTP routes: handlers for one path, or for all paths below a prefix.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Stoppable } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import type { Authenticator } from './credentials.ts';
import type { RequestLimits } from './request-limits.ts';

export type RouteHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** A protocol of its own below a path. */
export interface Door extends Stoppable {
  /** Begins with a slash and ends without one. */
  readonly path: string;
  readonly answer: RouteHandler;
  /** The methods that pages of other origins may use. */
  readonly methods: string;
  /** Where WebSockets are taken. */
  readonly socketPath: string;
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void;
}

/** What the server gives a door. */
export interface DoorParts {
  readonly authenticator: Authenticator;
  readonly requestLimits: RequestLimits;
  readonly logger: Logger;
  readonly maxBodyBytes: number;
}

export type OpenDoor = (parts: DoorParts) => Door;
