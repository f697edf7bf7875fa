import { expect, test } from 'vitest';
import { newPlace } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { runCli } from './cli.js';
import { startShop } from './shop.js';
import { tasks } from './shop-tasks.mjs';

const NO_HANDLER = 'no live worker has a handler of this type: it waits for one';

test('a task that no live worker has a handler for says so, and one that ended does not', async () => {
  const { place, goflow } = await startShop();
  const done = await goflow.push('echo', 1);
  await goflow.wait(done);
  // Of another queue: in the worker's own it would be handed back again and again.
  const line = ['push', 'nobody.has', '1', '--queue', 'other', '--wait', '100ms'];
  const pushed = await runCli(place, line);
  expect(pushed.code).toBe(1);
  expect(pushed.stderr).toContain(`held up: ${NO_HANDLER}\n`);
  expect(pushed.stderr).toContain('WAIT_TIMEOUT');
  const many = ['push', 'nobody.has', '--many', '--queue', 'other', '--wait', '200ms'];
  expect((await runCli(place, many, { stdin: '1\n' })).stderr).toContain(
    `held up: ${NO_HANDLER}\n`,
  );
  const id = /other:[\w-]{22}/.exec(pushed.stderr)?.[0] ?? '';
  const [waiting, ended, waited, document] = await Promise.all([
    runCli(place, ['show', id]),
    runCli(place, ['show', done]),
    runCli(place, ['wait', id, '--for', '100ms']),
    runCli(place, ['show', id, '--json']),
  ]);
  expect(waiting.stdout).toMatch(new RegExp(`^waiting\\nheld up +${NO_HANDLER}\\n`));
  expect(ended.stdout).not.toContain('held up');
  expect(waited.stderr).toContain(`held up: ${NO_HANDLER}\n`);
  expect(JSON.parse(document.stdout)).toMatchObject({ id, status: 'waiting' });
});

test('a task of a paused queue says so; one that runs is held up by nothing', async () => {
  const { place, goflow } = await startShop();
  const [running] = await Promise.all([
    runCli(place, ['push', 'slow', '60000', '--wait', '1s']),
    goflow.wait(await goflow.push('echo', 1)),
  ]);
  expect(running.stderr).toContain('WAIT_TIMEOUT');
  expect(running.stderr).not.toContain('held up');
  await goflow.fleet.pause('default', { by: 'ada' });
  const pushed = await runCli(place, ['push', 'echo', '1', '--wait', '100ms']);
  expect(pushed.stderr).toContain('held up: its queue is paused\n');
  const many = ['push', 'echo', '--many', '--wait', '200ms'];
  const lines = await runCli(place, many, { stdin: '1\n2\n' });
  expect(lines.stderr).toMatch(/^held up: its queue is paused\n.*WAIT_TIMEOUT/);
  const delayed = await goflow.push('echo', 1, { delay: '1h' });
  const shown = await runCli(place, ['show', delayed]);
  expect(shown.stdout).toMatch(/^delayed\nheld up +its queue is paused\n/);
});

test('without any worker a task waits for one', async () => {
  const place = newPlace();
  const id = await openClient(tasks, place).push('echo', 1);
  expect((await runCli(place, ['show', id])).stdout).toContain(NO_HANDLER);
});
