// `npm run chaos`: sets up, then breaks a running system on purpose. Arguments are handed on.
import { run } from './run-program.mjs';
import { setup } from './setup.mjs';

await setup();
const { code } = await run(
  [process.execPath, 'test/chaos/dist/main.js', ...process.argv.slice(2)],
  { output: 'shown' },
);
process.exitCode = code ?? 1;
