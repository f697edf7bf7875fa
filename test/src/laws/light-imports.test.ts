import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runIn } from '../packages/run-in.js';

/** From where the packages of this workspace are found. */
const HERE = fileURLToPath(new URL('.', import.meta.url));

/** The packages that a program has loaded that imports this and does no more; those that are ES modules all through are not seen. */
async function loadedBy(specifier: string): Promise<readonly string[]> {
  const source = `import ${JSON.stringify(specifier)};
    import { createRequire } from 'node:module';
    console.log(Object.keys(createRequire(import.meta.url).cache).join('\\n'));`;
  const printed = await runIn(HERE, [process.execPath, '--input-type=module', '-e', source]);
  const names = [...printed.matchAll(/.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//g)];
  return [...new Set(names.map(([, name = '']) => name))].sort();
}

// A client's import is a part of the start of every program that pushes, and of every test of one.
test('importing the client loads no other package: BullMQ and ioredis come when a client is made', async () => {
  expect(await loadedBy('@goflow/sdk')).toEqual([]);
  expect(await loadedBy('@goflow/sdk/tracing')).toEqual(['@opentelemetry/api']);
});

test('a worker loads what answers HTTP when it is asked, and what writes logs only as a program', async () => {
  const loaded = await loadedBy('@goflow/worker');
  expect(loaded).toEqual(expect.arrayContaining(['bullmq', 'ioredis', 'prom-client']));
  expect(loaded.filter((name) => /^(express|helmet|pino|commander)$/.test(name))).toEqual([]);
});
