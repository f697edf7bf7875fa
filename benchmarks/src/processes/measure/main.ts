// One measurement of one system in a process of its own, so that neither warms up or litters the other's.
import { findScenario } from '../../scenarios/all.js';
import type { MeasureOrder, MeasureReport } from './measure-order.js';

const { scenario, ...job } = JSON.parse(process.argv[2] ?? '{}') as MeasureOrder;
process.on('disconnect', () => process.exit());
const report: MeasureReport = await findScenario(scenario)
  .measure(job)
  .catch((error: unknown) => ({ error: `${job.system}: ${String(error)}` }));
// Whatever it has opened ends with it.
process.send?.(report, () => process.exit());
