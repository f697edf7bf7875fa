import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { openBrowser, type TestPage } from './browser.js';
import { startDashboard, visitWith } from './dashboard.js';

const browser = openBrowser();
const mail = z.object({ to: z.string(), token: z.string() });
const tasks = defineTasks({
  'mail.send': { payload: mail, result: z.any(), maxAttempts: 1, redact: ['token'] },
  report: { payload: z.number(), result: z.any(), queue: 'reports' },
});

const main = ({ page }: TestPage): Promise<string> => page.locator('main').innerText();
const ID = 'Id, or text in type, tags, payload or failure';

test('a task is found by its id, by words and by what is in it', async () => {
  const dashboard = await startDashboard({ tasks });
  const { goflow } = dashboard;
  const ann = await goflow.push('mail.send', { to: 'ann', token: 't1' }, { tags: ['eu'] });
  await goflow.push('mail.send', { to: 'bob', token: 't2' });
  const report = await goflow.push('report', 7);
  const visit = await visitWith(browser, dashboard, { path: '/tasks', role: 'read' });
  const { page } = visit;
  const search = async (text: string): Promise<void> => {
    await page.getByLabel(ID).fill(` ${text} `);
    await page.keyboard.press('Enter');
  };
  const rows = () => page.locator('tbody tr').count();
  expect(await rows()).toBe(3);
  await search(report);
  await page.waitForURL(`${dashboard.gateway.url}/dashboard/tasks/${report}`);
  await page.goBack();

  await search('ANN');
  await page.waitForURL(/q=/);
  expect(await rows()).toBe(1);
  await page.getByRole('link', { name: ann }).click();
  await page.getByRole('link', { name: 'eu', exact: true }).click();
  await page.waitForURL(/\/tasks\?tag=eu$/);
  expect(await rows()).toBe(1);

  const at = async (query: string): Promise<string> => {
    await page.goto(`${dashboard.gateway.url}/dashboard/tasks?${query}`);
    return main(visit);
  };
  expect(await at('queue=reports&state=waiting')).toContain(report);
  expect(await at('state=failed')).toContain('No task answers to this');
  expect(await at('q=default:short')).toContain('a whole id is the name of a queue');
  expect(await at(`q=default:${'A'.repeat(22)}`)).toContain('There is no task');
  expect(await at('type=Not%20One')).toContain('The type has to be a task type');
  expect(await at('state=odd')).toContain('The state has to be one or more of');
  expect(await at('cursor=bad')).toContain('Search again');
  expect(await at(`q=${'x'.repeat(300)}`)).toContain('1 to 200 characters');
});

test('a list goes on page by page, as its address does; tasks of chunks are like others', async () => {
  const dashboard = await startDashboard({ tasks });
  const numbers = Array.from({ length: 60 }, (_, n) => n);
  const ids = await dashboard.goflow.pushMany('report', numbers, { chunk: 20 });
  const { page } = await visitWith(browser, dashboard, { path: '/tasks?type=report' });
  const shown = () => page.locator('td.task code').allInnerTexts();
  const first = await shown();
  await page.getByRole('link', { name: 'Next page' }).click();
  await page.waitForURL(/cursor=/);
  expect([...first, ...(await shown())].toSorted()).toEqual([...ids].toSorted());
  await page.getByRole('link', { name: 'First page' }).click();
  await page.waitForURL(/\/tasks\?type=report$/);
  expect(await shown()).toEqual(first);
  await page.getByRole('link', { name: ids.at(-1) ?? '' }).click();
  await page.getByText('place 20 of').waitFor();
});

test('what a task does is seen as it does it, up to its end, without a reload', async () => {
  const dashboard = await startDashboard({ tasks });
  const barrier = new Barrier();
  await dashboard.startWorker({
    handlers: {
      'mail.send': () => undefined,
      report: async (_payload, ctx) => {
        ctx.log.info('began');
        await ctx.progress(40);
        await barrier.pass();
        ctx.log.warn({ left: 1 }, 'almost there');
        return { pages: 12 };
      },
    },
  });
  const id = await dashboard.goflow.push('report', 1);
  const visit = await visitWith(browser, dashboard, { path: `/tasks/${id}`, role: 'read' });
  await visit.page.evaluate(() => document.body.setAttribute('data-same', 'yes'));
  await until(async () => /began[\s\S]*40 %|40 %[\s\S]*began/.test(await main(visit)), {
    what: 'the first line',
  });
  barrier.open();
  await until(async () => /almost there \{"left":1\}/.test(await main(visit)), {
    what: 'the second line',
  });
  await until(async () => /completed[\s\S]*"pages": 12/.test(await main(visit)), {
    what: 'the end',
  });
  expect(await visit.page.locator('body').getAttribute('data-same')).toBe('yes');
});

test('a task says why it does not start: nobody has its handler, its queue is paused', async () => {
  const dashboard = await startDashboard({ tasks });
  const { goflow } = dashboard;
  const id = await goflow.push('report', 1);
  const visit = await visitWith(browser, dashboard, { path: `/tasks/${id}`, role: 'read' });
  expect(await main(visit)).toContain('no live worker has a handler of this type');
  await goflow.fleet.pause('reports', { by: 'ada' });
  const handlers = { report: () => undefined, 'mail.send': () => undefined };
  await dashboard.startWorker({ handlers });
  const held = /Held up\s+its queue is paused\n/;
  await until(async () => held.test(await main(visit)), { what: 'the page to tell it' });
  await goflow.fleet.resume('reports', { by: 'ada' });
  await goflow.wait(id);
  await until(async () => !(await main(visit)).includes('Held up'), { what: 'the end' });
});

test('a task is cancelled by who may push, and by nobody else', async () => {
  const dashboard = await startDashboard({ tasks });
  const id = await dashboard.goflow.push('report', 1, { delay: '1h' });
  const path = `/tasks/${id}`;
  const reader = await visitWith(browser, dashboard, { path, role: 'read' });
  expect(await reader.page.locator('main button').count()).toBe(0);
  const url = `${dashboard.gateway.url}/dashboard${path}/cancel`;
  const refused = await reader.page.context().request.post(url);
  expect([refused.status(), (await dashboard.goflow.status(id)).status]).toEqual([403, 'delayed']);

  const pusher = await visitWith(browser, dashboard, { path, role: 'push' });
  const elsewhere = { headers: { origin: 'https://elsewhere.example' } };
  const foreign = await pusher.page.context().request.post(url, elsewhere);
  expect([foreign.status(), (await dashboard.goflow.status(id)).status]).toEqual([403, 'delayed']);
  const cancel = pusher.page.getByRole('button', { name: 'Cancel' });
  const asked = pusher.answerNext('cancel');
  await cancel.click();
  expect(await asked).toBe('Cancel this task for good?');
  expect((await dashboard.goflow.status(id)).status).toBe('delayed');
  void pusher.answerNext('ok');
  await cancel.click();
  await pusher.page.getByText('The task is cancelled.').waitFor();
  expect(await main(pusher)).toContain('by gateway (push role');
});

test('a dead letter is redriven with another payload: mistakes are shown, and what is hidden stays', async () => {
  const dashboard = await startDashboard({ tasks });
  const got: unknown[] = [];
  await dashboard.startWorker({
    handlers: {
      report: () => undefined,
      'mail.send': async (payload) => {
        got.push(payload);
        if (payload.to !== 'bob') throw new Error('no such mailbox', { cause: new Error('552') });
      },
    },
  });
  const id = await dashboard.goflow.push('mail.send', { to: 'ann', token: 'secret-1' });
  await until(async () => (await dashboard.goflow.status(id)).status === 'failed', {
    what: 'the task to fail',
  });
  const visit = await visitWith(browser, dashboard, { path: `/tasks/${id}` });
  const { page } = visit;
  const text = await main(visit);
  expect(text).toMatch(/no such mailbox[\s\S]*caused by[\s\S]*552/);
  expect(text).toContain('"token": "[redacted]"');
  await page.getByRole('link', { name: 'Edit payload and redrive' }).click();
  const field = page.getByRole('textbox');
  expect(await field.inputValue()).not.toContain('secret-1');
  const redrive = async (payload: string): Promise<void> => {
    await field.fill(payload);
    await page.getByRole('button', { name: 'Redrive' }).click();
  };
  await redrive('{\n  "to": bob\n}');
  expect(await page.getByRole('alert').innerText()).toContain('Line 2, column 9: expected a value');
  expect(await field.inputValue()).toBe('{\n  "to": bob\n}');
  await redrive('{"to": 7, "token": "[redacted]"}');
  expect(await page.getByRole('alert').innerText()).toMatch(/to.*string/);
  await redrive(`{"to": ${'['.repeat(5_000)}${']'.repeat(5_000)}}`);
  expect(await page.getByRole('alert').innerText()).toContain('deeper than 100 levels');
  await redrive('{"to": "ann", "to": "bob"}');
  expect(await page.getByRole('alert').innerText()).toContain('"to" is given twice');
  // The browser tells of these answers: they are 422.
  visit.troubles.length = 0;
  await redrive('{"to": "bob", "token": "[redacted]"}');
  await page.getByText('The task is back in its queue.').waitFor();
  await until(async () => (await main(visit)).includes('completed'), { what: 'the end' });
  expect(got.at(-1)).toEqual({ to: 'bob', token: 'secret-1' });
});
