// One measurement, in a process of its own, so that neither warms up or litters the other's.
import { measureBullMq } from './measure-bullmq.js';
import { measureGoflow } from './measure-goflow.js';
import type { Job } from './measurement.js';

const [which = '', job = '{}'] = process.argv.slice(2);
const measure = which === 'goflow' ? measureGoflow : measureBullMq;
const measurement = await measure(JSON.parse(job) as Job);
process.stdout.write(`${JSON.stringify(measurement)}\n`);
