import type { Requests } from '../../phases/requests.js';
import type { SystemName } from '../../systems/system.js';

/** What a client process is started with. */
export interface ClientOrder {
  readonly system: SystemName;
  readonly redis: string;
}

/** What a client process is told: make these requests. */
export type ClientRequest = Requests;

/** Sent when it is ready, and when all requests of one order are answered rightly. */
export interface ClientReport {
  /** CPU since its process began. */
  readonly cpuUs: number;
}
