import type { FaultName } from '../plan/fault-kinds.js';
import type { Crew } from './crew.js';
import type { World } from './world.js';

/** Where faults happen. */
export interface Stage {
  readonly world: World;
  readonly crew: Crew;
  readonly prefix: string;
  /** Members that no fault kills: their memory is watched. */
  readonly spared: ReadonlySet<string>;
}

/** A fault that happened. Times are milliseconds since 1970. */
export interface Happened {
  readonly name: FaultName;
  readonly from: number;
  readonly to: number;
  /** How long it was to last, in milliseconds; `to` may be later. */
  readonly lastsMs: number;
  /** What it hit, or why it hit nothing. */
  readonly target: string;
}
