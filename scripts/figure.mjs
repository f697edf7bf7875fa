// `npm run figure -- NAME`: sets up, then measures one figure: map-million, list-million, cancel-latency, cli-start, gateway-flood.
import { existsSync } from 'node:fs';
import { run } from './run-program.mjs';
import { setup } from './setup.mjs';

const [name = '', ...rest] = process.argv.slice(2);
await setup();
const program = `benchmarks/dist/${name}/main.js`;
if (!/^[a-z-]+$/.test(name) || !existsSync(program)) {
  process.stderr.write(
    'npm run figure -- map-million | list-million | cancel-latency | cli-start | gateway-flood\n',
  );
  process.exit(2);
}
const { code } = await run([process.execPath, program, ...rest], { output: 'shown' });
process.exitCode = code ?? 1;
