// An app as it was loaded: its handlers, and the API of its functions.
import type { BrokenHandler, Handler, TopicDeclaration } from '../domain/handler.ts';
import { type AppApi, createAppApi } from './app-api.ts';
import { AppElements } from './app-elements.ts';
import type { GatewayPort } from './gateway-port.ts';

export interface AppParts {
  /** The gateway that the folder's functions speak to. */
  readonly port: GatewayPort;
  /** How long one file may take to load, in milliseconds; 10,000 unless given. */
  readonly loadTimeoutMs?: number;
}

/** An app folder as it was when it was loaded. */
export interface App {
  readonly handlers: readonly Handler[];
  /** Services, models and types that are broken are among them. */
  readonly broken: readonly BrokenHandler[];
  /** What the services declare in their eventDescs. */
  readonly declarations: readonly TopicDeclaration[];
  /** The `app` of the folder's own files: for `withRun`. */
  readonly api: AppApi;
  /** Throws BAD_USER_INPUT where there is no such element, or it is broken. */
  element(fullName: string): unknown;
}

/** The app of a gateway that has no folder. */
export function emptyApp(parts: AppParts): App {
  return appOf(new AppElements(), parts);
}

export function appOf(elements: AppElements, { port }: AppParts): App {
  const api = createAppApi(port, elements);
  const { handlers, broken, declarations } = elements;
  return { handlers, broken, declarations, api, element: (fullName) => api.getElement(fullName) };
}
