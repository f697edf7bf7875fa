import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startProgram } from '@goflow/testing';
import { expect, test } from 'vitest';

const ROOT = new URL('../../../', import.meta.url);
const ADDRESSES = fileURLToPath(new URL('deploy/docker/demo/addresses.mjs', ROOT));
const compose = readFileSync(new URL('docker-compose.yml', ROOT), 'utf8');

/** The secrets that `addresses` is given, as they are where nobody sets them. */
function defaults(): Record<string, string> {
  const [, service = ''] = /\n {2}addresses:\n((?: {3,}.*\n)*)/.exec(compose) ?? [];
  const found = service.matchAll(/^ +(\w+(?:TOKEN|PASSWORD)): \$\{\1:-(.+)\}$/gm);
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, value]));
}

async function told(env: Record<string, string>): Promise<string> {
  await using program = startProgram(ADDRESSES, [], {
    env: { GATEWAY: 'http://127.0.0.1:8080', WORKER_PORT: '9464', ...env },
  });
  expect(await program.exited).toMatchObject({ code: 0 });
  return program.stdout;
}

test('what brings all of it up says which secrets everybody knows, and never what they are', async () => {
  const names = ['GATEWAY_OPERATE_TOKEN', 'GOFLOW_TOKEN', 'GRAFANA_PASSWORD'];
  expect(Object.keys(defaults()).sort()).toEqual(names);
  const said = await told(defaults());
  expect(said).toContain('http://127.0.0.1:8080/dashboard');
  expect(said).toContain(`FOR DEVELOPMENT ONLY: everybody knows ${names.join(', ')}`);
  const one = await told({ ...defaults(), GATEWAY_OPERATE_TOKEN: 'mine', GRAFANA_PASSWORD: 'my' });
  expect(one).toContain('everybody knows GOFLOW_TOKEN,');
  expect(one).not.toMatch(/mine|change-me/);
  const both = await told({ ...defaults(), GOFLOW_TOKEN: 'mine\ndevelopment-only-change-me' });
  expect(both).toContain(names.join(', '));
  const own = Object.fromEntries(names.map((name) => [name, 'mine']));
  expect(await told(own)).not.toContain('DEVELOPMENT');
});
