// Settings: defaults, every fault at once, and no secret in a message.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { defaults, readConfig } from '../src/config.ts';

function faultsOf(environment: Record<string, string>): string[] {
  try {
    readConfig(environment);
  } catch (error) {
    return (error as Error).message.split('\n');
  }
  return [];
}

describe('readConfig', () => {
  it('has a default for everything, and cannot be changed', () => {
    expect(readConfig({})).toEqual(defaults);
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ PORT: '', HOST: '', DATABASE_URL: '', THROUGHLINE_ADMIN_KEY: '' })).toEqual(defaults);
  });

  it('reads every setting', () => {
    const config = readConfig({
      PORT: '0',
      HOST: '::1',
      DATABASE_URL: 'postgresql://user:p%40ss@db/throughline',
      THROUGHLINE_DATABASE_POOL: '25',
      THROUGHLINE_DATA: 'some/folder',
      THROUGHLINE_ADMIN_KEY: 'an-admin-key-of-the-tests',
      THROUGHLINE_JWKS_URL: 'https://login.example/jwks.json',
      THROUGHLINE_JWT_ISSUER: 'https://login.example',
      THROUGHLINE_JWT_AUDIENCE: 'events',
      THROUGHLINE_JWT_ALGORITHMS: 'RS256',
      THROUGHLINE_KEY_RATE_LIMIT: '600',
      THROUGHLINE_KEY_CONCURRENCY: '20',
      THROUGHLINE_LOG_LEVEL: 'debug',
      THROUGHLINE_MAX_BODY_BYTES: '1024',
      THROUGHLINE_MAX_CONNECTIONS: '50',
      THROUGHLINE_MAX_CONNECTIONS_PER_ADDRESS: '5',
      THROUGHLINE_APP: 'some/app',
      THROUGHLINE_HANDLER_TIMEOUT_MS: '500',
      THROUGHLINE_CORS_ORIGINS: 'https://Shop.example:443, http://localhost:5173',
      THROUGHLINE_ALLOWED_HOSTS: 'Events.example,[::2]',
      THROUGHLINE_TRUSTED_DOCUMENTS: 'some/manifest.json',
      THROUGHLINE_AYON: 'on',
      THROUGHLINE_AYON_PATH: '/event-server',
      NODE_ENV: 'production',
    });
    expect(config).toEqual({
      port: 0,
      host: '::1',
      databaseUrl: 'postgresql://user:p%40ss@db/throughline',
      databasePool: 25,
      dataFolder: 'some/folder',
      adminKey: 'an-admin-key-of-the-tests',
      foreignIssuer: {
        keys: { jwksUrl: 'https://login.example/jwks.json' },
        issuer: 'https://login.example',
        audience: 'events',
        algorithms: ['RS256'],
      },
      keyRateLimit: 600,
      keyConcurrency: 20,
      logLevel: 'debug',
      maxBodyBytes: 1024,
      maxConnections: 50,
      maxConnectionsPerAddress: 5,
      appFolder: 'some/app',
      watchesApp: false,
      handlerTimeoutMs: 500,
      corsOrigins: ['https://shop.example', 'http://localhost:5173'],
      allowedHosts: ['events.example', '[::2]'],
      trustedDocumentsFile: 'some/manifest.json',
      ayonPath: '/event-server',
    });
  });

  it('reports every fault at once, one line each', () => {
    const faults = faultsOf({
      PORT: '65536',
      HOST: 'http://here',
      DATABASE_URL: 'mysql://here',
      THROUGHLINE_ADMIN_KEY: 'with space',
      THROUGHLINE_DATABASE_POOL: '0',
      THROUGHLINE_LOG_LEVEL: 'loud',
      THROUGHLINE_MAX_BODY_BYTES: '16MB',
      THROUGHLINE_CORS_ORIGINS: 'shop.example',
      THROUGHLINE_ALLOWED_HOSTS: 'https://events.example',
    });
    expect(faults.map((line) => line.split(' ')[0])).toEqual([
      'PORT',
      'HOST',
      'DATABASE_URL',
      'THROUGHLINE_DATABASE_POOL',
      'THROUGHLINE_ADMIN_KEY',
      'THROUGHLINE_LOG_LEVEL',
      'THROUGHLINE_MAX_BODY_BYTES',
      'THROUGHLINE_CORS_ORIGINS',
      'THROUGHLINE_ALLOWED_HOSTS',
    ]);
  });

  it.each([
    ['?schema=', 'has a schema that is not a name'],
    ['?schema=a%00b', 'has a schema that is not a name'],
    [`?schema=${'ü'.repeat(32)}`, 'has a schema that is longer than 63 bytes'],
    ['?schema=pg_own', 'has a schema that is reserved by Postgres'],
    ['?schema=a&schema=b', 'has several schemas'],
  ])('refuses a DATABASE_URL with %s', (parameters, fault) => {
    const [line] = faultsOf({ DATABASE_URL: `postgres://me:hunter2@here/things${parameters}` });
    expect(line).toContain(`DATABASE_URL ${fault}`);
    expect(line).not.toContain('hunter2');
  });

  it('allows no page of another site in production, unless set', () => {
    expect(readConfig({ NODE_ENV: 'production' }).corsOrigins).toEqual([]);
    expect(readConfig({ NODE_ENV: 'production', THROUGHLINE_CORS_ORIGINS: '*' }).corsOrigins).toEqual(['*']);
    expect(readConfig({ THROUGHLINE_CORS_ORIGINS: 'none' }).corsOrigins).toEqual([]);
  });

  it.each([
    'https://shop.example/',
    'https://shop.example/page',
    'null',
    'https://*.example',
    'https://a,,',
    'ftp',
  ])('refuses THROUGHLINE_CORS_ORIGINS=%j', (text) => {
    expect(faultsOf({ THROUGHLINE_CORS_ORIGINS: text })).toEqual([
      expect.stringMatching(
        /^THROUGHLINE_CORS_ORIGINS must be origins such as https:\/\/shop\.example, .* is none\.$/,
      ),
    ]);
  });

  it.each(['events.example:443', 'https://events.example', '*.example', 'a b', '::1', ','])(
    'refuses THROUGHLINE_ALLOWED_HOSTS=%j',
    (text) => {
      expect(faultsOf({ THROUGHLINE_ALLOWED_HOSTS: text })).toEqual([
        expect.stringMatching(
          /^THROUGHLINE_ALLOWED_HOSTS must be host names such as events\.example, .* is none\.$/,
        ),
      ]);
    },
  );

  const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    type: 'spki',
    format: 'pem',
  });
  const issuer = { THROUGHLINE_JWT_ISSUER: 'https://login.example', THROUGHLINE_JWT_AUDIENCE: 'events' };

  it('reads the issuer of other JWTs', () => {
    const keys = { THROUGHLINE_JWT_PUBLIC_KEY: String(pem).replaceAll('\n', '\\n') };
    expect(
      readConfig({ ...issuer, ...keys, THROUGHLINE_JWT_ALGORITHMS: 'ES256, EdDSA' }).foreignIssuer,
    ).toEqual({
      keys: { publicKey: pem },
      issuer: 'https://login.example',
      audience: 'events',
      algorithms: ['ES256', 'EdDSA'],
    });
  });

  it.each([
    [{ THROUGHLINE_JWKS_URL: 'http://keys.example' }, /^THROUGHLINE_JWKS_URL must be an https URL/],
    [{ THROUGHLINE_JWT_PUBLIC_KEY: 'secret' }, /^THROUGHLINE_JWT_PUBLIC_KEY must be a public key in PEM/],
    [{ THROUGHLINE_JWT_ALGORITHMS: 'ES256,none' }, /^THROUGHLINE_JWT_ALGORITHMS .*"none" is none\.$/],
    [{ THROUGHLINE_JWT_ALGORITHMS: 'HS256' }, /^THROUGHLINE_JWT_ALGORITHMS .*"HS256" is none\.$/],
    [{ THROUGHLINE_JWT_ISSUER: 'throughline' }, /^THROUGHLINE_JWT_ISSUER must not be throughline/],
    [{ THROUGHLINE_JWT_ISSUER: '' }, /^THROUGHLINE_JWT_ISSUER must be set, too/],
    [{ THROUGHLINE_JWT_AUDIENCE: '' }, /^THROUGHLINE_JWT_AUDIENCE must be set, too/],
    [
      { THROUGHLINE_JWT_PUBLIC_KEY: String(pem) },
      /^THROUGHLINE_JWKS_URL and THROUGHLINE_JWT_PUBLIC_KEY are set/,
    ],
    [{ THROUGHLINE_JWKS_URL: '' }, /^THROUGHLINE_JWKS_URL or THROUGHLINE_JWT_PUBLIC_KEY must be set/],
  ])('refuses an issuer with %j', (changes, fault) => {
    const jwks = { THROUGHLINE_JWKS_URL: 'https://login.example/jwks.json' };
    expect(faultsOf({ ...issuer, ...jwks, ...changes })[0]).toMatch(fault);
  });

  it.each(['-1', '1.5', '4000x', ' 4000', '0x10', '99999999999999999999'])('refuses PORT=%j', (text) => {
    expect(faultsOf({ PORT: text })).toHaveLength(1);
  });

  it.each([
    { DATABASE_URL: 'mysql://user:hunter2@here' },
    { DATABASE_URL: 'postgres://user:hunter2@:port:' },
    { THROUGHLINE_ADMIN_KEY: 'hunter2 ü' },
    { THROUGHLINE_ADMIN_KEY: 'hunter2-is-too-short-23' },
  ])('keeps secrets out of its messages: %j', (environment) => {
    expect(faultsOf(environment)).toHaveLength(1);
    expect(faultsOf(environment).join()).not.toContain('hunter2');
  });
});
