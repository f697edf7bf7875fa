// A client in a process of its own: `node main.js '{"system":"goflow",…}'`, an order of the benchmark.
import { ownCpuUs } from '../../cpu.js';
import { requestAll } from '../../phases/requests.js';
import { openClient } from '../../systems/open.js';
import type { ClientOrder, ClientReport, ClientRequest } from './client-report.js';

const { system, redis } = JSON.parse(process.argv[2] ?? '{}') as ClientOrder;
const client = await openClient(system, { redis });
const report = (): void => void process.send?.({ cpuUs: ownCpuUs() } satisfies ClientReport);

// What it throws ends this process, which its parent sees.
process.on('message', (request: ClientRequest) => void requestAll(client, request).then(report));
process.on('disconnect', () => process.exit());
report();
