import { expect, test } from 'vitest';
import { newPlace } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { runCli } from './cli.js';
import { SHOP_TASKS, startShop } from './shop.js';
import { tasks } from './shop-tasks.mjs';

const UNKNOWN = `default:${'A'.repeat(22)}`;

test('cancel ends each task wherever it is; all ids are tried, and the worst is told', async () => {
  const { place, goflow } = await startShop();
  const [done, delayed, running] = await Promise.all([
    goflow.push('echo', 1),
    goflow.push('echo', 2, { delay: '1h' }),
    goflow.push('slow', 60_000),
  ]);
  await goflow.wait(done);
  const watch = goflow.watch(running);
  await watch.next();
  const { code, stdout, stderr } = await runCli(place, [
    'cancel',
    UNKNOWN,
    done,
    delayed,
    running,
    '--reason',
    'enough',
  ]);
  expect(code).toBe(4);
  expect(stdout).toBe(`cancelled: ${delayed}\nrunning; its worker was told to stop: ${running}\n`);
  expect(stderr).toContain(`unknown: ${UNKNOWN}`);
  expect(stderr).toContain(`completed before; nothing to cancel: ${done}`);
  await watch.return();
  expect(await goflow.waitAll([delayed, running])).toMatchObject([
    { status: 'cancelled', failure: { message: expect.stringContaining('enough') as string } },
    { status: 'cancelled' },
  ]);
  const again = await runCli(place, ['cancel', delayed, done, '--json']);
  expect(again.code).toBe(1);
  expect(
    again.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { id: delayed, found: 'cancelled', effect: 'none' },
    { id: done, found: 'completed', effect: 'none' },
  ]);
});

test('retry runs again what failed and what was cancelled, with another payload where one is given', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const cancelled = await goflow.push('email.send', { to: 'a@example.com' });
  const waiting = await goflow.push('echo', 1);
  await goflow.cancel(cancelled);
  const line = ['retry', '--tasks', SHOP_TASKS, '--payload'];
  const [wrong, broken, unlike] = await Promise.all([
    runCli(place, [...line, '{"to":1}', cancelled, waiting]),
    runCli(place, [...line, '{to:1}', cancelled]),
    runCli(place, ['retry', waiting, UNKNOWN, '--json']),
  ]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain(`PAYLOAD_INVALID: payload of email.send: to: `);
  expect(wrong.stderr).toContain(`waiting, which cannot be run again: ${waiting}`);
  expect(broken).toMatchObject({ code: 2, stdout: '' });
  expect(broken.stderr).toContain('invalid JSON in --payload, line 1, column 2');
  expect(unlike.code).toBe(4);
  expect(
    unlike.stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as unknown),
  ).toEqual([
    { id: waiting, found: 'waiting', redriven: false },
    { id: UNKNOWN, found: 'unknown', redriven: false },
  ]);
  const retried = await runCli(place, ['retry', cancelled, '--payload', '{"to":"b@example.com"}']);
  expect(retried).toEqual({ code: 0, stdout: `back in its queue: ${cancelled}\n`, stderr: '' });
  expect(await goflow.inspector.get(cancelled)).toMatchObject({
    status: expect.stringMatching(/^(waiting|delayed)$/) as string,
    payload: { to: 'b@example.com' },
  });
});
