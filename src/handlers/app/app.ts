// A loaded app folder: its handlers, and the API for its functions.
import type { BrokenHandler, Handler, TopicDeclaration } from '../../domain/handlers/handler.ts';
import { createAppApi } from './create-app-api.ts';
import type { AppApi } from '../app-api.ts';
import { AppElements } from './elements.ts';
import type { GatewayPort } from '../gateway-port.ts';

export interface AppParts {
  /** The gateway that the folder's functions use. */
  readonly port: GatewayPort;
  /** Time limit for loading one file, in milliseconds. Default: 10,000. */
  readonly loadTimeoutMs?: number;
}

/** An app folder in the state in which it was loaded. */
export interface App {
  readonly handlers: readonly Handler[];
  /** Includes broken services, models and types. */
  readonly broken: readonly BrokenHandler[];
  /** The declarations in the services' eventDescs. */
  readonly declarations: readonly TopicDeclaration[];
  /** The `app` that the folder's own files import: for `withRun`. */
  readonly api: AppApi;
  /** Throws BAD_USER_INPUT if the element does not exist or is broken. */
  element(fullName: string): unknown;
}

/** The app of a gateway without an app folder. */
export function emptyApp(parts: AppParts): App {
  return appOf(new AppElements(), parts);
}

export function appOf(elements: AppElements, { port }: AppParts): App {
  const api = createAppApi(port, elements);
  const { handlers, broken, declarations } = elements;
  return { handlers, broken, declarations, api, element: (fullName) => api.getElement(fullName) };
}
