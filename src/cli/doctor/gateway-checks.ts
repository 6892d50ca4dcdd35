// The checks of a gateway from outside: reachability, readiness, clock, key and version.
import { GatewayVersionDocument } from '../../../generated/client/graphql.ts';
import type { Client } from '../../client/client.ts';
import { failureOf } from '../failure.ts';
import { duration } from '../output/durations.ts';
import { askOnce } from '../session.ts';
import { version } from '../../version.ts';
import { type Finding, note, ok, problem, warning } from './finding.ts';

const answerMs = 5_000;
/** HTTP tells the time in whole seconds. */
const clockMs = 2_000;
/** A schedule, a lease or a token is off by more than this. */
const wrongClockMs = 30_000;

export async function checkGateway(url: string, client: Client): Promise<Finding[]> {
  const base = url.replace(/\/+$/, '').replace(/\/graphql$/, '');
  const health = await get(`${base}/health`);
  const hint = 'Is it started? Is the URL right, and does a proxy or a firewall let it through?';
  if (health instanceof Error)
    return [problem('gateway', `${base} does not answer: ${health.message}`, hint)];
  if (health.status !== 200)
    return [
      problem(
        'gateway',
        `${base}/health answers ${health.status}.`,
        'The log of the gateway says why; restart it.',
      ),
    ];
  const ready = await get(`${base}/ready`);
  const isReady = !(ready instanceof Error) && ready.status === 200;
  return [
    ok('gateway', `${base} answers in ${duration(health.ms)}.`),
    isReady
      ? ok('readiness', 'The gateway reaches its database.')
      : problem(
          'readiness',
          'The gateway does not reach its database.',
          'Look at the database server and the log of the gateway.',
        ),
    ...checkClock(health),
    ...(await checkKey(client)),
  ];
}

interface Answer {
  readonly status: number;
  readonly ms: number;
  /** The difference to this machine's clock, in milliseconds. */
  readonly aheadMs: number;
}

async function get(url: string): Promise<Answer | Error> {
  const askedAt = Date.now();
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerMs) });
    await response.arrayBuffer();
    const ms = Date.now() - askedAt;
    const date = Date.parse(response.headers.get('date') ?? '');
    // The header has the beginning of its second.
    return { status: response.status, ms, aheadMs: date + 500 - (askedAt + ms / 2) };
  } catch (error) {
    const { message, cause } = error as Error;
    return cause instanceof Error ? new Error(cause.message || message) : (error as Error);
  }
}

function checkClock({ aheadMs }: Answer): Finding[] {
  if (Number.isNaN(aheadMs)) return [];
  const by = `${duration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine`;
  const hint = 'Let both keep their time by NTP.';
  if (Math.abs(aheadMs) > wrongClockMs) return [problem('clock', `The gateway's clock is ${by}.`, hint)];
  if (Math.abs(aheadMs) > clockMs) return [warning('clock', `The gateway's clock is ${by}.`, hint)];
  return [ok('clock', "The gateway's clock agrees with this machine's, to two seconds.")];
}

async function checkKey(client: Client): Promise<Finding[]> {
  const versions = note('versions', `CLI ${version}, Node.js ${process.versions.node}`);
  try {
    const { viewer } = await client.query(GatewayVersionDocument, {}, askOnce);
    const { name, scopes, gatewayVersion } = viewer;
    const same = gatewayVersion === version;
    return [
      ok('key', `${name}: ${scopes.join(', ') || 'no scopes'}`),
      same
        ? ok('versions', `Gateway and CLI ${version}, Node.js ${process.versions.node}`)
        : warning(
            'versions',
            `The gateway is ${gatewayVersion}, the CLI ${version}.`,
            'Use the CLI of the same version.',
          ),
    ];
  } catch (error) {
    const { message, hint } = failureOf(error) ?? { message: (error as Error).message, hint: undefined };
    return [problem('key', message, hint), versions];
  }
}
