// All scenarios by name, in the order in which they run.
import type { Scenario } from './scenario.ts';
import { ayon } from './scenarios/ayon.ts';
import { fanOut, fanOutFiltered } from './scenarios/fan-out.ts';
import { growth } from './scenarios/growth.ts';
import { heldOpen } from './scenarios/held-open.ts';
import { hostile } from './scenarios/hostile.ts';
import { jobs, pushedJobs, singleJobs } from './scenarios/jobs.ts';
import { latency, pushedLatency } from './scenarios/latency.ts';
import { liveFilters } from './scenarios/live-filters.ts';
import { memory } from './scenarios/memory.ts';
import { restricted } from './scenarios/restricted.ts';
import { send } from './scenarios/send.ts';
import { sendMany } from './scenarios/send-many.ts';
import { sendPeers } from './scenarios/send-peers.ts';
import { start } from './scenarios/start.ts';

export const scenarios: Readonly<Record<string, Scenario>> = {
  send,
  'send-peers': sendPeers,
  'send-many': sendMany,
  jobs,
  'single-jobs': singleJobs,
  'pushed-jobs': pushedJobs,
  latency,
  'pushed-latency': pushedLatency,
  'fan-out': fanOut,
  'fan-out-filtered': fanOutFiltered,
  'held-open': heldOpen,
  start,
  memory,
  growth,
  'live-filters': liveFilters,
  hostile,
  restricted,
  ayon,
};

/** What `--quick` runs. */
export const quickOnes: readonly string[] = ['send', 'send-peers', 'send-many', 'jobs', 'single-jobs'];
