import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openClient } from '../support/system.js';
import { openBrowser, type TestPage } from './browser.js';
import { startDashboard, visitWith } from './dashboard.js';

const browser = openBrowser();
const tasks = defineTasks({
  evil: { payload: z.any(), result: z.any(), maxAttempts: 1 },
  good: { payload: z.any(), result: z.any(), queue: 'good' },
});

/** Each would run, hide or turn something, were it no text. */
const SCRIPT = '<script>window.ran = 1</script>';
const IMAGE = '<img src=x onerror="window.ran = 2">';
const BREAKERS = `</textarea></pre></code></title>"'><svg onload=alert(1)>`;
const UNSEEN = 'a\u202eb\u0000c\u0007d\u2028e\ufefff';
const EVIL = `${SCRIPT}${IMAGE}${BREAKERS}${UNSEEN} javascript:alert(1) &lt;b&gt; {{7*7}} \${7}`;
/** As a page shows it. */
const SHOWN = [SCRIPT, IMAGE, BREAKERS, 'a\\u202eb\\u0000c\\u0007d\\u2028e\\ufefff', '&lt;b&gt;'];

/** The page shows it as text, and nothing ran; the rest `newPage` sees to: dialogues, policies, requests. */
async function expectPlain({ page }: TestPage, shown: readonly string[] = SHOWN): Promise<void> {
  const text = (await page.locator('main').textContent()) ?? '';
  for (const one of shown) expect(text).toContain(one);
  expect(await page.evaluate('window.ran')).toBe(undefined);
  expect(await page.locator('main :is(script, img, svg, b)').count()).toBe(0);
}

test('what came from elsewhere is text on every page', async () => {
  const dashboard = await startDashboard({ tasks });
  const { goflow, gateway } = dashboard;
  await dashboard.startWorker({
    name: 'w-<b>1</b>',
    handlers: {
      good: (payload) => ({ [EVIL]: payload }),
      evil: async (_payload, ctx) => {
        ctx.log.info({ [EVIL]: EVIL }, EVIL);
        await ctx.progress({ [EVIL]: EVIL });
        const cause = new Error(EVIL);
        const details = { [EVIL]: EVIL };
        throw Object.assign(new Error(EVIL, { cause }), { name: EVIL, code: EVIL, details });
      },
    },
  });
  const tag = `${IMAGE}\u202e`;
  const failed = await goflow.push('evil', { [EVIL]: EVIL }, { tags: [tag] });
  const done = await goflow.push('good', EVIL, { tags: [tag] });
  await goflow.waitAll([failed, done]);

  const visit = await visitWith(browser, dashboard, { path: '/tasks' });
  const open = async (path: string): Promise<void> => {
    await visit.page.goto(`${gateway.url}/dashboard${path}`);
  };
  await expectPlain(visit, [IMAGE, '\\u202e']);
  await open(`/tasks/${failed}`);
  // Name, message, message of the cause, log line and its fields, progress, details, payload.
  await expectPlain(visit);
  await open(`/tasks/${failed}/edit`);
  const edited = await visit.page.getByRole('textbox').inputValue();
  expect(JSON.parse(edited)).toEqual({ [EVIL]: EVIL });
  await visit.page.getByRole('textbox').fill(`${EVIL.replaceAll('\u0000', '')}`);
  await visit.page.getByRole('button', { name: 'Redrive' }).click();
  await expectPlain(visit, [SCRIPT.slice(0, 30)]);
  // It is told of the answer 422.
  visit.troubles.length = 0;
  await open(`/tasks/${done}`);
  // Payload and result: in JSON quotes are escaped.
  await expectPlain(visit, [SCRIPT, '<svg onload=alert(1)>', ...SHOWN.slice(3)]);
  await open('/dead-letters');
  await expectPlain(visit);
  await open('/dead-letters/tasks?type=evil');
  await expectPlain(visit, [SCRIPT]);

  const words = encodeURIComponent(EVIL.slice(0, 190));
  await open(`/tasks?q=${words}&type=${words}&queue=${words}&state=${words}&tag=${words}`);
  await expectPlain(visit, []);
  await open(`/dead-letters/tasks?type=${words}&fingerprint=${words}&notice=${words}`);
  await expectPlain(visit, []);
});

test('ids of any form and length are answered kindly', async () => {
  const dashboard = await startDashboard({ tasks });
  const { page } = await visitWith(browser, dashboard, { path: '/tasks', role: 'read' });
  const ask = async (path: string): Promise<readonly [number, string]> => {
    const answer = await page.context().request.get(`${dashboard.gateway.url}/dashboard${path}`);
    return [answer.status(), await answer.text()];
  };
  for (const id of ['x', '%00', '..%2f..', encodeURIComponent(EVIL), `q:${'A'.repeat(22)}`]) {
    const [status, text] = await ask(`/tasks/${id}`);
    expect([id, status]).toEqual([id, 404]);
    expect(text).toContain('There is nothing here');
  }
  expect((await ask('/tasks/%E0%A4%A'))[0]).toBe(400);
  expect([414, 431]).toContain((await ask(`/tasks/${'x'.repeat(10_000)}`))[0]);
});

test('of a payload of a megabyte the beginning is shown, and said where all of it is', async () => {
  const dashboard = await startDashboard({ tasks });
  const large = { text: 'x'.repeat(1_000_000) };
  const id = await dashboard.goflow.push('good', large, { delay: '1h' });
  const visit = await visitWith(browser, dashboard, { path: `/tasks/${id}` });
  const text = (await visit.page.locator('main').textContent()) ?? '';
  expect(text).toContain('The first 65,536 of 1,000,0');
  expect(text).toContain(`GET /tasks/${id}`);
  expect(text.length).toBeLessThan(70_000);
  await dashboard.goflow.cancel(id);
  await until(async () => /cancelled/.test(await visit.page.locator('main').innerText()), {
    what: 'the page to tell the end',
  });
  await visit.page.getByRole('link', { name: 'Edit payload and redrive' }).click();
  expect(await visit.page.locator('main').textContent()).toContain('too large to be edited here');
});

test('what is encrypted with a key that is not here says so', async () => {
  const encryption = { current: 'k1', keys: { k1: Buffer.alloc(32, 7).toString('base64') } };
  const dashboard = await startDashboard({ tasks });
  const goflow = openClient(tasks, dashboard.place, { encryption });
  const id = await goflow.push('evil', { secret: 'word' }, { delay: '1h' });
  const visit = await visitWith(browser, dashboard, { path: `/tasks/${id}` });
  await expectPlain(visit, ['It is encrypted, and this gateway was not given the key']);
});
