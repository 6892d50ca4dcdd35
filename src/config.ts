// Reads environment variables into one frozen Config and reports every invalid one in a single error.
import { limits } from './base/limits.ts';
import { originOf } from './base/origin.ts';
import { StartupError } from './database/database.ts';
import {
  type ForeignIssuer,
  foreignIssuerOf,
  type IssuerSettings,
  readAlgorithms,
  readIssuer,
  readJwksUrl,
  readPublicKey,
} from './domain/access/foreign-issuer.ts';
import { schemaOf } from './database/migrations/schema-name.ts';

export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The settings of one gateway. */
export interface Config {
  /** 0: any free port. */
  readonly port: number;
  readonly host: string;
  /** Null: the embedded database in `dataFolder`. */
  readonly databaseUrl: string | null;
  /** Connections to the Postgres server, besides the one for notifications. */
  readonly databasePool: number;
  readonly dataFolder: string;
  /** Null: a key is created at the first start. */
  readonly adminKey: string | null;
  /** Whose JWTs are accepted besides the gateway's own; null: nobody's. */
  readonly foreignIssuer: ForeignIssuer | null;
  /** Requests a minute of each key without a rate of its own; null: any number. */
  readonly keyRateLimit: number | null;
  /** Operations of each key that run at once; null: any number. */
  readonly keyConcurrency: number | null;
  readonly logLevel: LogLevel;
  /** Largest HTTP body or WebSocket message. */
  readonly maxBodyBytes: number;
  /** Open connections. */
  readonly maxConnections: number;
  /** Open connections from one address. */
  readonly maxConnectionsPerAddress: number;
  /** The app folder, which contains handlers and topics; null: none. */
  readonly appFolder: string | null;
  /** Whether changes in the app folder are loaded without a restart. */
  readonly watchesApp: boolean;
  /** Default timeout of a handler run, in milliseconds. */
  readonly handlerTimeoutMs: number;
  /** Origins of the web pages that may call from a browser; `*` is any. Null: any if `host` is loopback, else none. */
  readonly corsOrigins: readonly string[] | null;
  /**
   * Names under which the gateway is called, in lower case, besides the loopback names; `*` is any. Null: the loopback
   * names alone if `host` is loopback, else any.
   */
  readonly allowedHosts: readonly string[] | null;
  /** A manifest of the documents that callers without the scope `admin` may run; null: they may run any. */
  readonly trustedDocumentsFile: string | null;
  /** The path below which AYON's protocol is spoken; null: it is not. */
  readonly ayonPath: string | null;
}

/** The defaults of the settings, as documented in docs/reference/settings.md. */
export const defaults: Config = Object.freeze({
  port: 4000,
  host: '127.0.0.1',
  databaseUrl: null,
  databasePool: 10,
  dataFolder: '.throughline',
  adminKey: null,
  foreignIssuer: null,
  keyRateLimit: null,
  keyConcurrency: null,
  logLevel: 'info',
  maxBodyBytes: 16 * 1024 * 1024,
  maxConnections: 20_000,
  maxConnectionsPerAddress: 15_000,
  appFolder: null,
  watchesApp: true,
  handlerTimeoutMs: limits.handlerTimeoutMs,
  corsOrigins: null,
  allowedHosts: null,
  trustedDocumentsFile: null,
  ayonPath: null,
});

type Environment = Readonly<Record<string, string | undefined>>;

/** A parsed value, or the fault in its text. Faults never repeat text that may be a secret. */
type Read<T> = { readonly value: T } | { readonly fault: string };

/**
 * Reads the configuration from the environment. An empty variable counts as unset.
 * Throws a StartupError with one line per invalid variable.
 */
export function readConfig(environment: Environment): Config {
  const faults: string[] = [];
  function setting<T>(name: string, unset: T, read: (text: string) => Read<T>): T {
    const text = environment[name];
    if (text === undefined || text === '') return unset;
    const outcome = read(text);
    if ('value' in outcome) return outcome.value;
    faults.push(`${name} ${outcome.fault}`);
    return unset;
  }
  const isProduction = environment.NODE_ENV === 'production';
  const config: Config = {
    port: setting('PORT', defaults.port, (text) => wholeNumber(text, 0, 65_535)),
    host: setting('HOST', defaults.host, host),
    databaseUrl: setting('DATABASE_URL', defaults.databaseUrl, databaseUrl),
    databasePool: setting('THROUGHLINE_DATABASE_POOL', defaults.databasePool, (text) =>
      wholeNumber(text, 1, 1_000),
    ),
    dataFolder: setting('THROUGHLINE_DATA', defaults.dataFolder, (text) => ({ value: text })),
    adminKey: setting('THROUGHLINE_ADMIN_KEY', defaults.adminKey, adminKey),
    foreignIssuer: foreignIssuerOf(readIssuerSettings(setting), faults),
    keyRateLimit: setting('THROUGHLINE_KEY_RATE_LIMIT', defaults.keyRateLimit, (text) =>
      wholeNumber(text, 1, limits.keyRateLimit),
    ),
    keyConcurrency: setting('THROUGHLINE_KEY_CONCURRENCY', defaults.keyConcurrency, (text) =>
      wholeNumber(text, 1, 1_000_000),
    ),
    logLevel: setting('THROUGHLINE_LOG_LEVEL', defaults.logLevel, logLevel),
    maxBodyBytes: setting('THROUGHLINE_MAX_BODY_BYTES', defaults.maxBodyBytes, (text) =>
      wholeNumber(text, 1024, 1024 ** 3),
    ),
    maxConnections: setting('THROUGHLINE_MAX_CONNECTIONS', defaults.maxConnections, (text) =>
      wholeNumber(text, 1, 1_000_000),
    ),
    maxConnectionsPerAddress: setting(
      'THROUGHLINE_MAX_CONNECTIONS_PER_ADDRESS',
      defaults.maxConnectionsPerAddress,
      (text) => wholeNumber(text, 1, 1_000_000),
    ),
    appFolder: setting('THROUGHLINE_APP', defaults.appFolder, (text) => ({ value: text })),
    watchesApp: !isProduction,
    handlerTimeoutMs: setting('THROUGHLINE_HANDLER_TIMEOUT_MS', defaults.handlerTimeoutMs, (text) =>
      wholeNumber(text, 1, limits.maxHandlerTimeoutMs),
    ),
    corsOrigins: setting('THROUGHLINE_CORS_ORIGINS', isProduction ? [] : defaults.corsOrigins, corsOrigins),
    allowedHosts: setting('THROUGHLINE_ALLOWED_HOSTS', defaults.allowedHosts, allowedHosts),
    trustedDocumentsFile: setting('THROUGHLINE_TRUSTED_DOCUMENTS', defaults.trustedDocumentsFile, (text) => ({
      value: text,
    })),
    ayonPath: readAyonPath(setting),
  };
  if (faults.length > 0) throw new StartupError(faults.join('\n'));
  return Object.freeze(config);
}

type Setting = <T>(name: string, unset: T, read: (text: string) => Read<T>) => T;

function readIssuerSettings(setting: Setting): IssuerSettings {
  const text = (value: string) => ({ value });
  return {
    jwksUrl: setting<string | null>('THROUGHLINE_JWKS_URL', null, readJwksUrl),
    publicKey: setting<string | null>('THROUGHLINE_JWT_PUBLIC_KEY', null, readPublicKey),
    issuer: setting<string | null>('THROUGHLINE_JWT_ISSUER', null, readIssuer),
    audience: setting<string | null>('THROUGHLINE_JWT_AUDIENCE', null, text),
    algorithms: setting<readonly string[] | null>('THROUGHLINE_JWT_ALGORITHMS', null, readAlgorithms),
  };
}

/** Null unless it is switched on. */
function readAyonPath(setting: Setting): string | null {
  const isOn = setting('THROUGHLINE_AYON', false, onOrOff);
  const path = setting('THROUGHLINE_AYON_PATH', '/ayon', doorPath);
  return isOn ? path : null;
}

function onOrOff(text: string): Read<boolean> {
  if (text === 'on' || text === 'off') return { value: text === 'on' };
  return { fault: `must be on or off, not ${quoted(text)}.` };
}

const ownPaths = ['graphql', 'webhooks', 'health', 'ready', 'console'];

function doorPath(text: string): Read<string> {
  const [, first = ''] = text.split('/');
  if (/^(?:\/[\w.-]+)+$/.test(text) && !ownPaths.includes(first)) return { value: text };
  return {
    fault: `must be a path such as /ayon, without a slash at its end and not below ${ownPaths.map((name) => `/${name}`).join(', ')}; ${quoted(text)} is none.`,
  };
}

function wholeNumber(text: string, least: number, most: number): Read<number> {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return { value };
  return { fault: `must be a whole number from ${least} to ${most}, not ${quoted(text)}.` };
}

function host(text: string): Read<string> {
  if (/^[\w.:%-]+$/.test(text)) return { value: text };
  return { fault: `must be a host name or an IP address such as 127.0.0.1, not ${quoted(text)}.` };
}

function databaseUrl(text: string): Read<string> {
  if (!/^postgres(ql)?:\/\//.test(text)) {
    return {
      fault:
        'must begin with postgres:// or postgresql://, such as postgres://user@localhost:5432/throughline.',
    };
  }
  if (!URL.canParse(text)) {
    return {
      fault: 'is not a URL; special characters in its user name or password must be percent-encoded.',
    };
  }
  const name = schemaOf(new URL(text));
  return 'fault' in name ? name : { value: text };
}

function adminKey(text: string): Read<string> {
  if (!/^[!-~]+$/.test(text)) return { fault: 'must consist of printable ASCII characters without spaces.' };
  if (text.length >= limits.adminKeyLength) return { value: text };
  return {
    fault: `must have at least ${limits.adminKeyLength} characters, such as \`openssl rand -base64 32\` prints.`,
  };
}

function logLevel(text: string): Read<LogLevel> {
  const value = logLevels.find((level) => level === text);
  if (value !== undefined) return { value };
  return { fault: `must be one of ${logLevels.join(', ')}, not ${quoted(text)}.` };
}

function corsOrigins(text: string): Read<readonly string[]> {
  if (text === 'none') return { value: [] };
  return listOf(text, (item) => (item === '*' ? item : originOf(item)), {
    expected: 'origins such as https://shop.example, separated by commas, or * for any, or none',
  });
}

/** A name or an IPv4 address, or an IPv6 address in brackets. */
const hostName = /^(?:[a-z\d_-]+(?:\.[a-z\d_-]+)*|\[[\da-f:.]+\])$/;

function allowedHosts(text: string): Read<readonly string[]> {
  return listOf(text.toLowerCase(), (item) => (item === '*' || hostName.test(item) ? item : null), {
    expected: 'host names such as events.example, without ports, separated by commas, or * for any',
  });
}

/** The items between commas, each as `check` returns it; null is a fault. */
function listOf(
  text: string,
  check: (item: string) => string | null,
  { expected }: { readonly expected: string },
): Read<readonly string[]> {
  const items = text.split(',').map((item) => item.trim());
  const checked = items.map(check);
  const wrong = items[checked.indexOf(null)];
  return wrong === undefined
    ? { value: checked as string[] }
    : { fault: `must be ${expected}; ${quoted(wrong)} is none.` };
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
