// One measurement, in a process of its own, so that neither warms up or litters the other's.
import { Redis } from 'ioredis';
import { measureBullMq } from './measure-bullmq.js';
import { measureGoflow } from './measure-goflow.js';
import type { Job } from './measurement.js';

const [which = '', given = '{}'] = process.argv.slice(2);
const job = JSON.parse(given) as Job;

// The server is the benchmark's own.
const redis = new Redis(job.redis);
await redis.flushall();
await redis.quit();

const measurement = await (which === 'goflow' ? measureGoflow : measureBullMq)(job);
process.stdout.write(`${JSON.stringify(measurement)}\n`);
