import type { SystemName } from '../../systems/system.js';

/** What a server process is told: who pushes what comes over HTTP; or that it is only checked. */
export interface HttpOrder {
  readonly system: SystemName | 'check only';
  readonly redis: string;
}

/** It listens. */
export interface HttpReport {
  readonly url: string;
}

/** What both servers ask for. */
export const TOKEN = 'the token of the benchmark';
