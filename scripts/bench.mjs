// `npm run bench`: sets up, then measures goflow against raw BullMQ. Arguments are handed on.
import { run } from './run-program.mjs';
import { setup } from './setup.mjs';

await setup();
const { code } = await run(
  [process.execPath, 'benchmarks/dist/main.js', ...process.argv.slice(2)],
  { output: 'shown' },
);
process.exitCode = code ?? 1;
