import type { Measurement, Mode } from '../../scenario.js';
import type { SystemName } from '../../systems/system.js';

/** What a measuring process is started with. */
export interface MeasureOrder {
  /** The name of the scenario. */
  readonly scenario: string;
  readonly system: SystemName;
  readonly redis: string;
  readonly mode: Mode;
}

/** What a measuring process says, before it ends. */
export type MeasureReport = Measurement | { readonly error: string };
