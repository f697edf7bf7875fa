import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { HandlerRegistry } from '@goflow/worker';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openBrowser } from './browser.js';
import { startDashboard, visitWith } from './dashboard.js';

const browser = openBrowser();
const QUEUES = Array.from({ length: 30 }, (_, n) => `queue-${String(n).padStart(2, '0')}`);
const tasks = defineTasks(
  Object.fromEntries(
    QUEUES.map((queue) => [`of.${queue}`, { payload: z.number(), result: z.number(), queue }]),
  ),
);

/** Thirty queues, and a worker that takes from all of them. */
async function startMany() {
  const dashboard = await startDashboard({ tasks });
  const handlers = new HandlerRegistry(tasks);
  for (const queue of QUEUES) handlers.add(`of.${queue}`, async (n) => n);
  await dashboard.startWorker({ handlers });
  const { goflow } = dashboard;
  await goflow.waitAll(await Promise.all(QUEUES.map((queue) => goflow.push(`of.${queue}`, 1))));
  return dashboard;
}

const shownIn = (page: Page): Promise<string[]> =>
  page.locator('section.queue').evaluateAll((cards) => cards.map(({ id }) => id));

test('of many queues a page is shown, and told anew; what is in trouble comes first, by itself', async () => {
  const dashboard = await startMany();
  const { page } = await visitWith(browser, dashboard, { path: '/queues' });
  expect(await shownIn(page)).toEqual(QUEUES.slice(0, 25));
  await page.getByText('1 to 25 of 30 queues').waitFor();
  await dashboard.goflow.fleet.pause('queue-28');
  await until(async () => (await shownIn(page))[0] === 'queue-28', {
    what: 'the paused one first',
  });
  expect(await page.locator('#queue-28').textContent()).toContain(
    'warning paused, 0 tasks waiting',
  );
  expect(await shownIn(page)).toHaveLength(25);
  await page.getByRole('link', { name: 'Next page' }).click();
  await page.getByText('26 to 30 of 30 queues').waitFor();
  expect(await shownIn(page)).toEqual([...QUEUES.slice(24, 28), 'queue-29']);
  await page.getByRole('link', { name: 'First page' }).click();
  await page.getByLabel('Order').selectOption('name');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.waitForURL(/order=name/);
  expect(await shownIn(page)).toEqual(QUEUES.slice(0, 25));
});

test('a queue is found by its name; who pauses it there stays there, with the focus on the button', async () => {
  const dashboard = await startMany();
  const visit = await visitWith(browser, dashboard, { path: '/queues' });
  const { page } = visit;
  await page.getByRole('searchbox').fill('UE-1');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=UE-1/);
  expect(await shownIn(page)).toEqual(QUEUES.slice(10, 20));
  void visit.answerNext('ok');
  await page.getByRole('button', { name: 'Pause queue-17' }).focus();
  await page.keyboard.press('Enter');
  const notice = page.getByText('queue-17 is paused.');
  await notice.waitFor();
  expect(new URL(page.url()).searchParams.get('q')).toBe('UE-1');
  const focused = (): Promise<string | null> =>
    page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? null);
  expect(await focused()).toBe('Resume queue-17');
  // What was done is seen where the focus is, however far down that is.
  expect((await notice.boundingBox())?.y).toBeGreaterThanOrEqual(0);
  await page.keyboard.press('Enter');
  await page.getByText('queue-17 is open.').waitFor();
  expect(await focused()).toBe('Pause queue-17');
  await page.goto(`${dashboard.gateway.url}/dashboard/queues?q=nothing`);
  await page.getByRole('link', { name: 'All queues' }).click();
  expect(await shownIn(page)).toHaveLength(25);
  // A link of the overview leads to the one, whatever else has its name in its own.
  await page.goto(`${dashboard.gateway.url}/dashboard`);
  await page.getByRole('link', { name: 'queue-03' }).click();
  expect(await shownIn(page)).toEqual(['queue-03']);
});

test('where very much is wrong the overview tells the worst of it', async () => {
  const dashboard = await startDashboard({ tasks });
  for (const queue of QUEUES) await dashboard.goflow.push(`of.${queue}`, 1);
  const { page } = await visitWith(browser, dashboard);
  await page.getByRole('heading', { name: 'What is wrong: 31' }).waitFor();
  expect(await page.locator('.troubles li').count()).toBe(20);
  await page.getByRole('link', { name: 'what is wrong with each queue' }).click();
  expect(await page.locator('#queue-00').textContent()).toContain(
    'error nobody takes from it, 1 task waiting',
  );
});
