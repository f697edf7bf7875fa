import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openRedis } from '../support/redis.js';
import { openBrowser, type TestPage } from './browser.js';
import { type Dashboard, startDashboard, visitWith } from './dashboard.js';

const browser = openBrowser();
const tasks = defineTasks({
  mail: { payload: z.number(), result: z.any(), maxAttempts: 1 },
  image: { payload: z.number(), result: z.any(), maxAttempts: 1, queue: 'images' },
});
type Definitions = typeof tasks.definitions;

const main = ({ page }: TestPage): Promise<string> => page.locator('main').innerText();

/** A worker that fails until `isWell`, and as many dead letters of each type. */
async function openRig({ mail = 0, image = 0 }) {
  const dashboard = await startDashboard({ tasks });
  const worker = { isWell: false };
  const handle = (message: string) => async (n: number) => {
    if (worker.isWell) return n;
    throw new Error(`${message} ${n}`);
  };
  await dashboard.startWorker({
    concurrency: 20,
    handlers: { mail: handle('mailbox is full:'), image: handle('no such pixel:') },
  });
  await die(dashboard, 'mail', mail);
  await die(dashboard, 'image', image);
  return { ...dashboard, dashboard, worker };
}

async function die(
  { goflow }: Dashboard<Definitions>,
  type: keyof Definitions,
  count: number,
): Promise<readonly string[]> {
  const ids = await goflow.pushMany(
    type,
    Array.from({ length: count }, (_, n) => n),
  );
  await goflow.waitAll(ids);
  return ids;
}

test('a group of dead letters is looked at, redriven and gone; another is discarded', async () => {
  const { dashboard, goflow, worker } = await openRig({ mail: 12, image: 3 });
  const visit = await visitWith(browser, dashboard, { path: '/dead-letters' });
  const { page } = visit;
  expect(await main(visit)).toMatch(
    /15 dead letters in 2 groups[\s\S]*12 mail[\s\S]*mailbox is full/,
  );
  await page.getByRole('link', { name: 'All 12 tasks' }).first().click();
  expect(await page.locator('tbody tr').count()).toBe(12);
  await page.getByRole('link', { name: 'All groups' }).click();

  // What is counted anew takes nothing away that was filled in.
  await page.getByLabel('Type', { exact: true }).fill('ima');
  await page.getByLabel('Type', { exact: true }).blur();
  await die(dashboard, 'image', 1);
  await page.getByText('16 dead letters in 2 groups').waitFor();
  expect(await page.getByLabel('Type', { exact: true }).inputValue()).toBe('ima');

  const asked = visit.answerNext('ok');
  worker.isWell = true;
  await page.getByRole('button', { name: 'Redrive all 12' }).click();
  expect(await asked).toBe('Redrive all 12 dead letters of mail that failed like this?');
  await page.getByText('mail: 12 redriven.').waitFor();
  expect(await main(visit)).toMatch(/4 dead letters in 1 group,/);
  void visit.answerNext('ok');
  await page.getByRole('button', { name: 'Discard all 4' }).click();
  await page.getByText('image: 4 discarded.').waitFor();
  await page.getByText('There are no dead letters').waitFor();
  await until(async () => (await goflow.inspector.counts()).totals.completed === 12, {
    what: 'all to be done',
  });
  expect((await goflow.inspector.counts()).totals.failed).toBe(0);
});

test('only what was counted is taken, by who may, and for a page of ours', async () => {
  const { dashboard, gateway, goflow } = await openRig({ image: 2 });
  const counted = new Date().toISOString();
  const [late = ''] = await die(dashboard, 'image', 1);
  const { groups } = await goflow.inspector.deadLetters.groups();
  const form = { fingerprint: groups[0]?.fingerprint ?? '', until: counted };
  const url = `${gateway.url}/dashboard/dead-letters/discard`;
  const poster = async (role: 'push' | 'operate') => {
    const { page } = await visitWith(browser, dashboard, { path: '/dead-letters', role });
    const buttons = await page.locator('main article button').count();
    const { request } = page.context();
    const post = async (given: object, headers = {}): Promise<number> =>
      (await request.post(url, { form: { ...given }, headers })).status();
    return { buttons, post };
  };
  const pusher = await poster('push');
  expect([pusher.buttons, await pusher.post(form)]).toEqual([0, 403]);
  const { buttons, post } = await poster('operate');
  expect(buttons).toBeGreaterThan(0);
  expect(await post(form, { origin: 'https://elsewhere.example' })).toBe(403);
  expect(await post({ until: counted })).toBe(400);
  expect(await post({ fingerprint: form.fingerprint })).toBe(400);
  expect((await goflow.inspector.counts()).totals.failed).toBe(3);
  expect(await post(form)).toBe(200);
  const { tasks: left } = await goflow.inspector.deadLetters.list();
  expect(left.map(({ id }) => id)).toEqual([late]);
});

test('a long redrive goes on in the background, tells how far it is, and can be stopped', async () => {
  const { dashboard, goflow, worker } = await openRig({ mail: 40 });
  const visit = await visitWith(browser, dashboard, { path: '/dead-letters' });
  const { page } = visit;
  worker.isWell = true;
  await page.getByRole('spinbutton').fill('5');
  // Without a script nobody asks; here it does.
  void visit.answerNext('ok');
  await page.getByRole('button', { name: 'Redrive all 40' }).click();
  await page.getByText(/Redriving mail: \d+ redriven until now/).waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('It ended early: it was stopped.').waitFor();
  await until(async () => (await goflow.inspector.counts()).totals.active === 0, {
    what: 'what runs to end',
  });
  const { completed, failed } = (await goflow.inspector.counts()).totals;
  expect([completed + failed, completed > 0, failed > 0]).toEqual([40, true, true]);
});

test('behind a balancer: another gateway tells of a redrive, starts it no second time, and stops it', async () => {
  const { dashboard, place, worker, goflow } = await openRig({ mail: 60 });
  const other = await startDashboard({ tasks, place });
  const [here, there] = [
    await visitWith(browser, dashboard, { path: '/dead-letters?type=mail' }),
    await visitWith(browser, other, { path: '/dead-letters' }),
  ];
  worker.isWell = true;
  await here.page.getByRole('spinbutton').fill('3');
  void here.answerNext('ok');
  await here.page.getByRole('button', { name: 'Redrive all 60' }).click();
  // It comes back to what it showed.
  await here.page.waitForURL('**/dead-letters?type=mail');
  await there.page.getByText(/Redriving mail: \d+ redriven until now/).waitFor();
  void there.answerNext('ok');
  await there.page.getByRole('button', { name: /^Redrive all/ }).click();
  await there.page.getByText('This group is being worked on already').waitFor();
  await there.page.getByRole('button', { name: 'Stop' }).click();
  await there.page.getByText('another gateway, which was told to stop').waitFor();
  for (const { page } of [here, there])
    await page.getByText(/mail: \d+ redriven\. It ended early: it was stopped\./).waitFor();
  expect((await goflow.inspector.counts()).totals.failed).toBeGreaterThan(0);
});

test('a redrive whose gateway was killed is told as lost, and the group can be redriven anew', async () => {
  const { dashboard, place, worker, goflow } = await openRig({ mail: 2 });
  const { groups } = await goflow.inspector.deadLetters.groups();
  // As it was told last, a minute ago.
  const run = {
    ...{ kind: 'redrive', of: 'mail', by: 'gateway', fingerprint: groups[0]?.fingerprint },
    ...{ done: 40, failedCount: 0, failed: [], tookMs: 9_000, isOver: false },
  };
  const redis = openRedis(place.redis);
  const toldAt = Date.now() - 60_000;
  const key = `${place.prefix}:{fleet}:runs`;
  await redis.hset(key, { lost: JSON.stringify({ toldAt, run }), odd: '{"toldAt":1,"run":7}' });
  const visit = await visitWith(browser, dashboard, { path: '/dead-letters' });
  const { page } = visit;
  await page.getByText('mail: 40 redriven, then nothing was heard of it').waitFor();
  expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(0);
  worker.isWell = true;
  void visit.answerNext('ok');
  await page.getByRole('button', { name: 'Redrive all 2' }).click();
  await page.getByText('mail: 2 redriven.').waitFor();
});

test('where failures are all different, the largest hundred groups are shown', async () => {
  const dashboard = await startDashboard({ tasks });
  const wordOf = (n: number): string =>
    String(n).replaceAll(/\d/g, (digit) => 'abcdefghij'[+digit] ?? '');
  const fail = (n: number): never => {
    throw new Error(`cannot read ${wordOf(n)}`);
  };
  await dashboard.startWorker({ concurrency: 20, handlers: { mail: fail, image: fail } });
  await die(dashboard, 'mail', 120);
  const visit = await visitWith(browser, dashboard, { path: '/dead-letters' });
  expect(await main(visit)).toContain('120 dead letters in 120 groups');
  expect(await visit.page.locator('article').count()).toBe(100);
  expect(await main(visit)).toContain('The largest 100 groups.');
});

test('on a phone, in the dark, by the keyboard alone: search, open, redrive', async () => {
  const { dashboard, goflow, worker } = await openRig({ mail: 1 });
  const phone = { viewport: { width: 360, height: 740 }, colorScheme: 'dark' } as const;
  const { page } = await visitWith(browser, dashboard, { path: '/tasks', ...phone });
  const isTooWide = () =>
    page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  const tabTo = async (isThere: (element: Element) => boolean): Promise<void> => {
    for (let presses = 0; presses < 40; presses += 1) {
      await page.keyboard.press('Tab');
      if (await page.locator(':focus').evaluate(isThere)) return;
    }
    throw new Error('the tab key does not come there');
  };
  expect(await isTooWide()).toBe(false);
  await tabTo((element) => element.getAttribute('name') === 'q');
  await page.keyboard.type('mailbox');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=mailbox/);
  await tabTo((element) => element.matches('td a'));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/tasks\/default:/);
  expect(await isTooWide()).toBe(false);
  worker.isWell = true;
  await tabTo((element) => element.textContent === 'Redrive');
  await page.keyboard.press('Enter');
  await page.getByText('The task is back in its queue.').waitFor();
  await until(async () => (await goflow.inspector.counts()).totals.completed === 1, {
    what: 'the task to be done',
  });
});
