import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { runCli, runInTerminal, startInTerminal } from './cli.js';
import { type Shop, startShop } from './shop.js';

/** Tasks that failed, each of them for good. */
async function pushFailing(
  { goflow }: Shop,
  messages: readonly string[],
): Promise<readonly string[]> {
  const ids = await goflow.pushMany('fail', messages, (message) => ({ tags: [message] }));
  await goflow.waitAll(ids);
  return ids;
}

const documents = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('dead list, groups and show tell what failed, and how', async () => {
  const shop = await startShop();
  const [red = '', blue = ''] = await pushFailing(shop, ['red', 'blue', 'blue']);
  const run = (...line: string[]) => runCli(shop.place, ['dead', ...line]);
  const [listed, filtered, groups, words, shown] = await Promise.all([
    run('list', '--json'),
    run('list', '--tag', 'red', '--reason', 'exhausted', '--since', '1h'),
    run('groups', '--json'),
    run('groups'),
    run('show', blue),
  ]);
  expect(documents(listed.stdout)).toHaveLength(3);
  const [, row = ''] = filtered.stdout.split('\n');
  expect(row).toMatch(
    new RegExp(`^${red} +fail +exhausted +TypeError: red +\\S+ m?s ago +1 +\\S{12}$`),
  );
  expect(documents(groups.stdout)).toMatchObject([
    { count: 2, message: 'blue', type: 'fail', reason: 'exhausted' },
    { count: 1, message: 'red' },
  ]);
  const fingerprint = String(documents(groups.stdout)[0]?.fingerprint);
  expect(words.stdout).toMatch(
    new RegExp(`^COUNT .*\\n +2 +${fingerprint} +fail +exhausted .* blue\\n`),
  );
  expect(shown.stdout).toContain(`fingerprint  ${fingerprint}`);
  expect(
    documents((await run('list', '--fingerprint', fingerprint, '--json')).stdout),
  ).toHaveLength(2);
  const wrong = await run('list', '--reason', 'bad');
  expect(wrong).toMatchObject({ code: 2 });
  expect(wrong.stderr).toContain('`--reason` to be one of exhausted');
});

test('dead redrive and discard take ids; what is no dead letter stays', async () => {
  const shop = await startShop();
  const [first = '', second = ''] = await pushFailing(shop, ['a', 'b']);
  const done = await shop.goflow.push('echo', 1);
  await shop.goflow.wait(done);
  const failedAt = (await shop.goflow.inspector.get(first))?.finishedAt ?? 0;
  const run = (...line: string[]) => runCli(shop.place, ['dead', ...line]);
  const [dry, wrong] = await Promise.all([
    run('redrive', first, done, '--dry-run'),
    run('discard', done),
  ]);
  expect(dry).toMatchObject({ code: 1, stdout: `would put back: ${first}\n` });
  expect(dry.stderr).toBe(`completed, which stays as it is: ${done}\n`);
  expect(wrong).toMatchObject({ code: 1, stdout: '' });
  const [redriven, discarded] = await Promise.all([
    run('redrive', first),
    run('discard', second, '--json'),
  ]);
  expect(redriven).toMatchObject({ code: 0, stdout: `back in its queue: ${first}\n` });
  expect(documents(discarded.stdout)).toEqual([{ id: second, found: 'failed', discarded: true }]);
  expect(await shop.goflow.getResult(second)).toMatchObject({ status: 'unknown' });
  expect(await shop.goflow.waitAll([first as never])).toMatchObject([{ status: 'failed' }]);
  expect(Number((await shop.goflow.inspector.get(first))?.finishedAt)).toBeGreaterThan(
    Number(failedAt),
  );
});

test('--all is counted, asked for on a terminal, and refused where nobody can answer', async () => {
  const shop = await startShop();
  await pushFailing(shop, ['red', 'blue', 'blue']);
  const line = ['dead', 'discard', '--all', '--tag', 'blue'];
  const [dry, dryJson, refused, no] = await Promise.all([
    runCli(shop.place, [...line, '--dry-run']),
    runCli(shop.place, ['dead', 'redrive', '--all', '--dry-run', '--json']),
    runCli(shop.place, line),
    runInTerminal(shop.place, line, { stdin: 'n\n' }),
  ]);
  expect(dry).toEqual({ code: 0, stdout: 'would remove 2 dead letters\n', stderr: '' });
  expect(documents(dryJson.stdout)).toEqual([{ count: 3, complete: true, dryRun: true }]);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain('Remove 2 dead letters? Nobody is there to answer: say --yes');
  expect(no.stdout).toContain('Remove 2 dead letters? [y/N]');
  expect(no.stdout).toContain('nothing was done');
  const yes = await runInTerminal(shop.place, line, { stdin: 'y\n' });
  expect(yes).toMatchObject({ code: 0, stdout: expect.stringContaining('2 removed') as string });
  // How far it is, while it goes on.
  expect(yes.stdout).toMatch(/2 removed {2}[\d,]+\/s/);
  const rest = await runCli(shop.place, [
    'dead',
    'redrive',
    '--all',
    '--yes',
    '--rate',
    '50',
    '--json',
  ]);
  expect(rest.code).toBe(0);
  expect(documents(rest.stdout)).toMatchObject([{ redriven: 1, failedCount: 0, complete: true }]);
});

test('--all of none: said, and with --json the report that it is for many', async () => {
  const { place } = await startShop();
  const line = ['dead', 'discard', '--all'];
  expect(await runCli(place, line)).toEqual({ code: 0, stdout: '', stderr: 'no dead letters\n' });
  const { code, stdout } = await runCli(place, [...line, '--json']);
  expect(code).toBe(0);
  expect(documents(stdout)).toMatchObject([{ discarded: 0, failed: [], complete: true }]);
});

test('what dies after --all was asked for is left alone: it was not counted', async () => {
  const shop = await startShop();
  await pushFailing(shop, ['a', 'b']);
  const line = ['dead', 'discard', '--all'];
  const { shown, type, ended } = startInTerminal(shop.place, line);
  await until(() => shown().includes('Remove 2 dead letters? [y/N]'), { what: 'the question' });
  const [late = ''] = await pushFailing(shop, ['late']);
  type('y\n');
  expect(await ended).toBe(0);
  expect(shown()).toContain('2 removed');
  const { tasks: left } = await shop.goflow.inspector.deadLetters.list();
  expect(left.map(({ id }) => id)).toEqual([late]);
});

test.each([['redrive'], ['discard']])(
  'dead %s --all of a queue that nobody knows: 4, and what was meant',
  async (command) => {
    const shop = await startShop();
    await pushFailing(shop, ['a']);
    for (const how of ['--yes', '--dry-run']) {
      const line = ['dead', command, '--all', '--queue', 'defualt', how];
      const { code, stdout, stderr } = await runCli(shop.place, line);
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
      expect(stderr).toContain('QUEUE_UNKNOWN: there is no queue defualt; did you mean default?');
    }
  },
);

test.each([
  [['redrive'], 'Expected ids, or --all'],
  [['discard', 'default:x', '--all'], '`--all` to be left out where ids are given'],
  [['discard', 'default:x', '--type', 'a'], '`--type` to be given with --all'],
  [['redrive', '--all', '--rate', '0'], '`--rate` to be an integer from 1 to 100,000'],
])('dead %j is refused', async (line, why) => {
  const { code, stdout, stderr } = await runCli(undefined, ['dead', ...line]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(why);
});
