import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { newPlace, openRedis } from '../support/redis.js';
import { flagsOf, runCli, runInTerminal } from './cli.js';
import { startCli } from './folder.js';
import { type Shop, STEERING, startShop } from './shop.js';

const UNKNOWN = `default:${'A'.repeat(22)}`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for; \r\n ends a line
const ESCAPES = /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** The answers of a command with `--json`: one a line. */
const documents = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** One task that completed, and one that failed, both with what would steer a terminal. */
async function pushBoth({ goflow }: Shop) {
  const done = await goflow.push('echo', { text: STEERING }, { tags: [`eu${STEERING}`] });
  const failed = await goflow.push('fail', `broken ${STEERING}`, { tags: ['eu'], priority: 3 });
  await goflow.waitAll([done, failed]);
  return { done, failed };
}

test('get, wait and show tell of a task, in words and in JSON', async () => {
  const shop = await startShop();
  const { done, failed } = await pushBoth(shop);
  const run = (...line: string[]) => runCli(shop.place, line);
  const [got, gotFailed, waited, waitedFailed, shown, shownFailed] = await Promise.all([
    run('get', done),
    run('get', failed, '--json'),
    run('wait', done),
    run('wait', failed, '--json', '--for', '5s'),
    run('show', done, '--json'),
    run('show', failed),
  ]);
  expect(got.code).toBe(0);
  expect(got.stdout).toMatch(/^completed\ntype {6}echo\nattempts {2}1\npushed {4}\d{4}-.* ago\)\n/);
  expect(got.stdout).toMatch(/finished {2}.* after [\d.]+ m?s\n\{\n {2}"text": /);
  expect(gotFailed.code).toBe(1);
  expect(documents(gotFailed.stdout)).toMatchObject([
    { id: failed, status: 'failed', failure: { name: 'TypeError' }, attempts: 1 },
  ]);
  expect(waited).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(waited.stdout)).toEqual({ text: STEERING });
  expect(waitedFailed.code).toBe(1);
  expect(documents(waitedFailed.stdout)).toMatchObject([{ id: failed, status: 'failed' }]);
  expect(documents(shown.stdout)).toMatchObject([
    { id: done, status: 'completed', payload: { text: STEERING }, history: [{ attempt: 1 }] },
  ]);
  expect(shownFailed.code).toBe(0);
  for (const told of [
    'priority',
    'payload',
    'attempts',
    'failure',
    'exhausted',
    'TypeError: broken',
    'shop.ts',
    `goflow retry ${failed}`,
  ])
    expect(shownFailed.stdout).toContain(told);
});

test('an id that nobody knows ends with 4, in every command', async () => {
  const { place } = await startShop();
  const lines = [['wait'], ['watch'], ['show', '--json'], ['cancel'], ['dead', 'discard']];
  await Promise.all(
    lines.map(async (line) => {
      const { code, stderr } = await runCli(place, [...line, UNKNOWN]);
      expect({ line, code }).toEqual({ line, code: 4 });
      expect(stderr).not.toMatch(/ {4}at /);
    }),
  );
});

test('watch tells of progress and log lines as they come, and ends with the outcome', async () => {
  const { place, goflow } = await startShop();
  const id = await goflow.push('slow', 60_000);
  const words = startCli(['watch', id, ...flagsOf(place)]);
  const json = startCli(['watch', id, '--json', ...flagsOf(place)]);
  await Promise.all([
    words.line(/^\d{4}-\S+ #1 info {2}it began $/),
    words.line(/^progress \{"percent":50\}$/),
    json.line(/"kind":"progress","progress":\{"percent":50\}/),
  ]);
  expect(words.stdout).not.toMatch(ESCAPES);
  await goflow.cancel(id, { reason: 'enough' });
  expect([await words.exited, await json.exited]).toMatchObject([{ code: 1 }, { code: 1 }]);
  expect(words.stdout).toMatch(/cancelled\n.*enough.*\n$/);
  expect(documents(json.stdout).at(-1)).toMatchObject({
    kind: 'outcome',
    result: { id, status: 'cancelled' },
  });
});

test('Ctrl-C ends wait, watch and push --wait with 130, and the task goes on', async () => {
  const { place, goflow } = await startShop();
  const id = await goflow.push('slow', 60_000);
  const commands = [
    ['wait', id, '--for', '1m'],
    ['watch', id],
    ['push', 'slow', '60000', '--wait'],
  ];
  const programs = commands.map((line) => startCli([...line, ...flagsOf(place)]));
  await until(async () => (await goflow.counts()).active === 2, {
    what: 'both tasks to run',
  });
  const redis = openRedis(place.redis);
  // Who waits has a channel for the outcome.
  const channels = () => redis.pubsub('CHANNELS', `${place.prefix}:reply:*`);
  await until(async () => (await channels()).length === programs.length, {
    what: 'all to wait',
  });
  for (const program of programs) program.signal('SIGINT');
  for (const program of programs) {
    expect(await program.exited).toEqual({ code: 130, signal: null });
    expect(program.stderr).toContain('the task goes on');
    expect(program.stderr).not.toMatch(/ {4}at /);
  }
  expect((await goflow.counts()).active).toBe(2);
});

test('wait ends with 1 when its time is over', async () => {
  const { place, goflow } = await startShop();
  const id = await goflow.push('slow', 60_000);
  const { code, stdout, stderr } = await runCli(place, ['wait', id, '--for', '100ms']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(`WAIT_TIMEOUT: no outcome of task ${id} within 100 ms`);
});

test('list finds tasks in every queue, whatever pushed them, by all filters, page by page', async () => {
  const shop = await startShop();
  const { place, goflow } = shop;
  const { done, failed } = await pushBoth(shop);
  const mail = await goflow.push('email.send', { to: 'a@example.com' });
  await goflow.wait(mail);
  const ids = async (...line: string[]): Promise<unknown[]> => {
    const { code, stdout } = await runCli(place, ['list', '--json', ...line]);
    expect({ line, code }).toEqual({ line, code: 0 });
    return documents(stdout).map(({ id }) => id);
  };
  const asked = await Promise.all([
    ids(),
    ids('--state', 'failed', '--state', 'waiting'),
    ids('--type', 'email.send'),
    ids('--tag', 'eu'),
    ids('--text', 'A@EXAMPLE'),
    ids('--since', '1h', '--state', 'completed'),
    ids('--since', '2100-01-01'),
  ]);
  expect(asked.map((found) => new Set(found))).toEqual(
    [[done, failed, mail], [failed], [mail], [failed], [mail], [done, mail], []].map(
      (of) => new Set(of),
    ),
  );
  const first = await runCli(place, ['list', '--limit', '1']);
  const [, cursor = ''] = /^\(more: --cursor (\S+)\)$/m.exec(first.stderr) ?? [];
  const rest = await ids('--cursor', cursor);
  expect(new Set([...rest, /\S+:\S+/.exec(first.stdout)?.[0]])).toEqual(
    new Set([done, failed, mail]),
  );
});

test('a filter that nothing can answer to is refused, by the name of its flag', async () => {
  const place = newPlace();
  const refused: [line: string[], why: string][] = [
    [['--state', 'done'], '`--state` to be one or more of waiting'],
    [['--type', 'No'], '`--type` to be a task type'],
    [['--since', 'yesterday'], '`--since` to be a duration like 2h, or a time'],
    [['--limit', '0'], '`--limit` to be an integer from 1'],
    [['--cursor', 'x'], 'CURSOR_INVALID'],
  ];
  await Promise.all(
    refused.map(async ([line, why]) => {
      const { code, stderr } = await runCli(place, ['list', ...line]);
      expect({ line, code }).toEqual({ line, code: 2 });
      expect(stderr).toContain(why);
    }),
  );
});

test('what a task says steers no terminal, of 40 columns or wide, in words or in JSON', async () => {
  const shop = await startShop();
  const { done, failed } = await pushBoth(shop);
  const lines = [
    ['list'],
    ['show', done, '--json'],
    ['show', failed],
    ['watch', failed],
    ['dead', 'list'],
  ];
  await Promise.all(
    lines.map(async (line) => {
      const { stdout } = await runInTerminal(shop.place, line, {
        columns: 40,
        env: { NO_COLOR: '1' },
      });
      expect(stdout, line.join(' ')).not.toBe('');
      expect(stdout, line.join(' ')).not.toMatch(ESCAPES);
      if (line[0] !== 'list' && line[1] !== 'list' && line[1] !== 'groups') return;
      if (line.includes('--json')) return;
      for (const text of stdout.split('\r\n'))
        expect(text.length, line.join(' ')).toBeLessThanOrEqual(40);
    }),
  );
  const painted = await runInTerminal(shop.place, ['list']);
  expect(painted.stdout).toContain('\u001b[31mfailed');
});

test('Redis away: 3, and soon', async () => {
  const place = { redis: 'redis://127.0.0.1:1', prefix: 'none' };
  const lines = [
    ['push', 'echo', '1'],
    ['list', '--timeout', '300ms'],
    ['dead', 'groups', '--json', '--timeout', '300ms'],
  ];
  const begun = performance.now();
  const called = await Promise.all(lines.map((line) => runCli(place, line)));
  // Five seconds, and as long as processes take to start on a busy machine.
  expect(performance.now() - begun).toBeLessThan(20_000);
  for (const { code, stdout, stderr } of called) {
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('BROKER_UNAVAILABLE');
    expect(stderr).not.toMatch(/ {4}at /);
  }
});
