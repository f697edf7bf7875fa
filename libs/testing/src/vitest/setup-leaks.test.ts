import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startProgram } from '../process/child-program.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

const leakingTest = `
  import { createServer } from 'node:net';
  import { afterAll, onTestFinished, test } from 'vitest';
  let server;
  let left;
  const listen = () => new Promise((done) => { server = createServer().listen(0, done); });
  test('leaves it open', async () => { await listen(); left = server; });
  afterAll(() => void left.close());
  test('closes it', async () => {
    onTestFinished(() => new Promise((done) => server.close(done)));
    await listen();
  });
`;

const leakingFile = `
  import { createServer } from 'node:net';
  import { beforeAll, test } from 'vitest';
  beforeAll(() => new Promise((done) => { createServer().listen(0, done); }));
  test('is clean', () => {});
`;

test('a real vitest run fails the test, and the file, that leaves a server open', async () => {
  const { report, code } = await runVitest({ leakingTest, leakingFile });
  expect(code).toBe(1);
  expect(report).toContain('left open: 1 TCPServerWrap (TCP server)');
  expect(report).toMatch(/FAIL .*leakingTest.test.mjs > leaves it open/);
  expect(report).toMatch(/FAIL .*leakingFile.test.mjs \[/);
  expect(report).toMatch(/Tests +1 failed \| 2 passed/);
});

async function runVitest(files: Readonly<Record<string, string>>) {
  const dir = await mkdtemp(join(tmpdir(), 'goflow-vitest-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
  for (const [name, source] of Object.entries(files))
    await writeFile(join(dir, `${name}.test.mjs`), source);
  const setup = join(root, 'libs/testing/dist/vitest/setup-leaks.js');
  await writeFile(
    join(dir, 'vitest.config.mjs'),
    `export default { test: { pool: 'forks', setupFiles: [${JSON.stringify(setup)}] } };`,
  );
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  await using run = startProgram(vitest, ['run'], { cwd: dir, env: { NO_COLOR: '1' } });
  const { code } = await run.exited;
  return { code, report: run.stdout + run.stderr };
}
