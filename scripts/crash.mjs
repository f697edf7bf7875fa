// `npm run crash -- 100000`: so many tasks, three workers of concurrency 50, one killed with -9 in the middle.
import { setup } from './setup.mjs';

await setup();
const { RedisServer } = await import('@goflow/testing');
const { crashRun } = await import('../test/src/crash/crash-run.mjs');

const count = Number(process.argv[2] ?? 100_000);
const server = await RedisServer.start({ args: ['--appendonly', 'yes'] });
try {
  const plan = { redis: server.url, prefix: 'crash', workers: 3, concurrency: 50, lease: '5s' };
  const report = await crashRun({ ...plan, count });
  const { results, wrong, duplicates, seconds, killedAfter } = report;
  console.log(
    `${results} tasks pushed, ${results - wrong} results right, ${wrong} missing or wrong`,
  );
  console.log(`one of 3 workers killed with -9 after ${killedAfter} tasks`);
  console.log(`${report.effects} effects: ${duplicates} tasks ran twice`);
  console.log(`${seconds.toFixed(1)} s, ${Math.round(results / seconds)} tasks/s`);
  if (wrong > 0) process.exitCode = 1;
} finally {
  await server.stop();
}
