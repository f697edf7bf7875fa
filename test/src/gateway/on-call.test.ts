import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { HandlerRegistry } from '@goflow/worker';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openBrowser, type TestPage } from './browser.js';
import { startDashboard, visitWith } from './dashboard.js';
import { TOKENS } from './gateway.js';

const browser = openBrowser();
const tasks = defineTasks({
  'bank.charge': { payload: z.string(), result: z.any(), queue: 'billing', maxAttempts: 1 },
  'mail.send': { payload: z.string(), result: z.any(), queue: 'mail', maxAttempts: 1 },
});

/** A bank that does not answer until it is well. */
async function startShop() {
  const dashboard = await startDashboard({ tasks });
  const bank = { isWell: false };
  const handlers = new HandlerRegistry(tasks)
    .add('bank.charge', async (order) => {
      if (!bank.isWell) throw new Error('the bank answered 503');
      return order;
    })
    .add('mail.send', async (to) => to);
  await dashboard.startWorker({ handlers, concurrency: 3, labels: { region: 'eu' } });
  const { goflow } = dashboard;
  await goflow.waitAll(await goflow.pushMany('bank.charge', ['order 1', 'order 2', 'order 3']));
  return { dashboard, goflow, bank };
}

/** Presses Tab until what has the focus is called so. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    // Not by its selector: a button inside a field for times has it as that field.
    const focused = await page.evaluate(() => {
      const at = document.activeElement as HTMLInputElement | null;
      return [at?.ariaLabel, at?.labels?.[0]?.textContent, at?.textContent].join(' ');
    });
    if (name.test(focused)) return;
  }
  throw new Error(`the tab key does not come to ${name}`);
}

async function follow(page: Page, name: RegExp): Promise<void> {
  await tabTo(page, name);
  await enter(page);
}

/** What the key leads to is another page. */
async function enter(page: Page): Promise<void> {
  const loaded = page.waitForEvent('load');
  await page.keyboard.press('Enter');
  await loaded;
}

test('by keys alone: a failed task is found by its text, why it failed is read, and its group redriven', async () => {
  const { dashboard, goflow, bank } = await startShop();
  const visit: TestPage = await browser.newPage({ viewport: { width: 1_280, height: 800 } });
  const { page } = visit;
  await page.goto(`${dashboard.gateway.url}/dashboard`);
  await page.keyboard.type(TOKENS.operate);
  await enter(page);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await follow(page, /^\s*Tasks$/);
  await tabTo(page, /Id, or text/);
  await page.keyboard.type('503');
  await enter(page);
  await page.waitForURL(/q=503/);
  await follow(page, /bank\.charge billing:/);
  await page.getByText('the bank answered 503').first().waitFor();
  expect(await page.locator('main dl').textContent()).toContain('Attempts1 of 1');
  await follow(page, /all that failed like this/);
  await page.getByRole('heading', { name: 'Dead letters of bank.charge' }).waitFor();
  await follow(page, /Redrive or discard this group/);
  await page.getByText('this group only').waitFor();
  bank.isWell = true;
  void visit.answerNext('ok');
  await follow(page, /Redrive all 3/);
  await page.getByText('bank.charge: 3 redriven.').waitFor();
  // The group is gone, and with it the button: the next key goes on in the page, not before it.
  await page.keyboard.press('Tab');
  expect(await page.locator('main :focus').count()).toBe(1);
  await until(async () => (await goflow.inspector.counts()).totals.completed === 3, {
    what: 'all to be done',
  });
});

test('by keys alone: the concurrency of workers with a label is changed, a queue paused and resumed', async () => {
  const { dashboard, goflow } = await startShop();
  const visit = await visitWith(browser, dashboard, { path: '/workers' });
  const { page } = visit;
  await follow(page, /region=eu/);
  await page.waitForURL(/labels=region/);
  // The label is filled in, and what is left to say has the focus.
  await page.keyboard.type('7');
  await enter(page);
  await page.getByText('every queue, workers with region=eu: 7 at once.').waitFor();
  await until(
    async () => /billing 0 of 7/.test(await page.locator('main').allInnerTexts().then(String)),
    {
      what: 'the worker to follow',
    },
  );
  await page.goto(`${dashboard.gateway.url}/dashboard/queues`);
  void visit.answerNext('ok');
  await follow(page, /Pause mail/);
  await page.getByText('mail is paused.').waitFor();
  await enter(page);
  await page.getByText('mail is open.').waitFor();
  expect((await goflow.fleet.audit()).map(({ action }) => action)).toEqual([
    'queue.resume',
    'queue.pause',
    'concurrency.set',
  ]);
});

test('what is wrong keeps the focus while its figures change', async () => {
  const { dashboard, goflow } = await startShop();
  await goflow.fleet.pause('mail');
  await goflow.push('mail.send', 'one');
  const { page } = await visitWith(browser, dashboard);
  await page.getByRole('link', { name: 'mail: paused, 1 task waiting' }).focus();
  await goflow.push('mail.send', 'two');
  await page.getByRole('link', { name: 'mail: paused, 2 tasks waiting' }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(
    'mail: paused, 2 tasks waiting',
  );
});

test('all columns of the audit trail are seen on a telephone, and the zone of its times', async () => {
  const { dashboard, goflow } = await startShop();
  await goflow.fleet.setConcurrency(4, {
    queue: 'mail',
    labels: { region: 'eu' },
    by: 'somebody with a long name',
  });
  const { page } = await visitWith(browser, dashboard, {
    path: '/audit',
    viewport: { width: 360, height: 740 },
  });
  const cell = page.getByText('concurrency of mail, workers with region=eu: none → 4');
  const box = await cell.boundingBox();
  expect((box?.x ?? 0) + (box?.width ?? 999)).toBeLessThanOrEqual(360);
  await page.getByText('All times are UTC.').waitFor();
});
