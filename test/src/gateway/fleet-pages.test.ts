import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { HandlerRegistry } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ask } from '../support/http.js';
import { openBrowser, type TestPage } from './browser.js';
import { startDashboard, visitWith } from './dashboard.js';
import { TOKENS } from './gateway.js';

const browser = openBrowser();
const tasks = defineTasks({
  'mail.send': { payload: z.string(), result: z.string(), queue: 'mail', maxAttempts: 1 },
  'image.resize': { payload: z.number(), result: z.number(), queue: 'images', maxAttempts: 1 },
});

const textOf = async ({ page }: TestPage): Promise<string> =>
  (await page.locator('main').allInnerTexts()).join();

/** Waits until an open page says all of it, by itself. */
const says = (page: TestPage, ...words: readonly RegExp[]): Promise<unknown> =>
  until(
    async () => {
      const text = await textOf(page);
      return words.every((word) => word.test(text));
    },
    { what: `the page to say ${words.join()}` },
  );

/** Runs images only, until it is told to. */
function imagesOnly() {
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const handlers = new HandlerRegistry(tasks).add('image.resize', async (size) => {
    await finished;
    if (size < 0) throw new Error('no such size');
    return size;
  });
  return { handlers, finish: () => finish() };
}

test('a login opens the page that was asked for; a wrong token is told', async () => {
  const dashboard = await startDashboard({ tasks });
  const { page, troubles } = await browser.newPage();
  await page.goto(`${dashboard.gateway.url}/dashboard/audit`);
  await page.getByLabel('Token').fill('some-other-token-of-tests');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('This is no token of this gateway.').waitFor();
  expect(troubles.splice(0)).toEqual([expect.stringContaining('401')]);
  await page.getByLabel('Token').fill(TOKENS.read);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Audit' }).waitFor();
});

test('where nothing was done yet, each page says what to do', async () => {
  const dashboard = await startDashboard({ tasks });
  const open = await visitWith(browser, dashboard);
  expect(await textOf(open)).toContain('goflow push mail.send');
  await open.page.getByRole('link', { name: 'Workers', exact: true }).click();
  expect(await textOf(open)).toContain('No worker is alive');
  await open.page.getByRole('link', { name: 'Queues', exact: true }).click();
  expect(await textOf(open)).toContain('There are no queues');
});

test('the overview says what is wrong, and is told anew while it is open', async () => {
  const dashboard = await startDashboard({ tasks });
  const { goflow, startWorker } = dashboard;
  await goflow.push('image.resize', 1);
  const open = await visitWith(browser, dashboard);
  await says(open, /error\s+images: nobody takes from it, 1 task waiting/);
  await says(open, /error\s+no worker is alive/);
  const { handlers, finish } = imagesOnly();
  await startWorker({ handlers, concurrency: 3 });
  await says(open, /warning\s+no worker has a handler for mail\.send/);
  await says(open, /Active\s+1\s+of 3 slots/);
  await goflow.push('image.resize', -1);
  await goflow.fleet.pause('images');
  await goflow.push('image.resize', 2);
  finish();
  await says(open, /warning\s+images: paused, 1 task waiting/);
  await says(open, /Dead letters\s+1/);
  await until(
    async () => (await open.page.locator('td.number.bad').allInnerTexts())[0] === '0.02',
    {
      what: 'the rate of what failed',
    },
  );
});

test('the concurrency of the fleet is set and reset; a wrong one is shown again', async () => {
  const dashboard = await startDashboard({ tasks });
  const { handlers } = imagesOnly();
  const labels = { region: 'eu' };
  const worker = await dashboard.startWorker({ handlers, concurrency: 3, name: 'w-1', labels });
  const open = await visitWith(browser, dashboard, { path: '/workers' });
  const { page } = open;
  await says(open, /w-1/, /region=eu/, /running/, /images 0 of 3/);
  await page.getByRole('link', { name: 'region=eu' }).click();
  await page.getByLabel('Queue').selectOption('images');
  await page.getByLabel('Tasks at once').fill('7');
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await says(open, /images, workers with region=eu: 7 at once\./, /images 0 of 7/);
  expect(await dashboard.goflow.fleet.rules()).toMatchObject([
    { queue: 'images', labels, concurrency: 7, by: expect.stringMatching(/^gateway \(operate/) },
  ]);
  await page.getByLabel('Labels').fill('region');
  await page.getByLabel('Tasks at once').fill('8');
  open.troubles.length = 0;
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await says(open, /labels are written key=value, not "region"/);
  expect(await page.getByLabel('Tasks at once').inputValue()).toBe('8');
  // The browser tells of every answer that is an error.
  expect(open.troubles.splice(0)).toEqual([expect.stringContaining('422')]);
  await page.goto(`${dashboard.gateway.url}/dashboard/workers`);
  await page.getByRole('button', { name: 'Reset images' }).click();
  await says(open, /No rule/);
  await worker.setConcurrency(2);
  await says(open, /images 0 of 2/, /override/);
});

test('a queue is shown with what it holds and how it does; it is paused and resumed', async () => {
  const dashboard = await startDashboard({ tasks });
  const { goflow } = dashboard;
  const { handlers, finish } = imagesOnly();
  finish();
  await dashboard.startWorker({ handlers });
  await goflow.waitAll(await goflow.pushMany('image.resize', [1, 2, -1]));
  const open = await visitWith(browser, dashboard, { path: '/queues' });
  const { page } = open;
  await says(open, /completed\s+2\s+failed\s+1/, /run p95\s+\d+ m?s/, /failure ratio\s+33\.3 %/);
  await page.getByRole('img', { name: /images: tasks waiting/ }).waitFor();
  const asked = open.answerNext('ok');
  await page.getByRole('button', { name: 'Pause images' }).click();
  expect(await asked).toBe('Pause images? No worker takes from it until it is resumed.');
  await says(open, /images is paused\./);
  expect(await goflow.fleet.queues()).toMatchObject([{ queue: 'images', isPaused: true }]);
  await page.getByRole('button', { name: 'Resume images' }).click();
  await says(open, /images is open\./);
  await page.getByRole('link', { name: '2', exact: true }).click();
  await page.waitForURL('**/dashboard/tasks?queue=images&state=completed');
});

test('who may only read sees no button, and no form of theirs is taken', async () => {
  const dashboard = await startDashboard({ tasks });
  const { gateway, goflow } = dashboard;
  await goflow.push('mail.send', 'x');
  await goflow.fleet.setConcurrency(2);
  const { page } = await visitWith(browser, dashboard, { path: '/queues', role: 'read' });
  for (const path of ['/queues', '/workers', '']) {
    await page.goto(`${gateway.url}/dashboard${path}`);
    const buttons = await page.getByRole('button').allInnerTexts();
    expect(buttons, path).toEqual(['Log out']);
  }
  const [cookie] = await page.context().cookies(`${gateway.url}/dashboard`);
  const headers = { cookie: `${cookie?.name}=${cookie?.value}` };
  for (const path of ['queues/mail/pause', 'workers/concurrency', 'workers/concurrency/reset']) {
    const url = `${gateway.url}/dashboard/${path}`;
    const question = { method: 'POST', headers };
    expect(await ask(url, question), path).toMatchObject({ status: 403 });
    expect(await ask(url, { method: 'POST' }), path).toMatchObject({ status: 401 });
  }
  expect(await goflow.fleet.queues()).toMatchObject([{ isPaused: false }]);
});

test('a form of another site is refused, whoever is logged in', async () => {
  const dashboard = await startDashboard({ tasks });
  const { gateway, goflow } = dashboard;
  await goflow.push('mail.send', 'x');
  const { page } = await visitWith(browser, dashboard);
  const [cookie] = await page.context().cookies(`${gateway.url}/dashboard`);
  const own = { cookie: `${cookie?.name}=${cookie?.value}` };
  const foreign = [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://elsewhere.example' }];
  for (const headers of [...foreign, { origin: 'null' }]) {
    const question = { method: 'POST', headers: { ...own, ...headers } };
    const answer = await ask(`${gateway.url}/dashboard/queues/mail/pause`, question);
    expect(answer.status).toBe(403);
  }
  const allowed = { method: 'POST', headers: { ...own, origin: gateway.url ?? '' } };
  expect(await ask(`${gateway.url}/dashboard/queues/mail/pause`, allowed)).toMatchObject({
    status: 303,
  });
  expect(await goflow.fleet.queues()).toMatchObject([{ isPaused: true }]);
});
