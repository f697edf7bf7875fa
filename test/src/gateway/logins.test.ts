import { defineTasks } from '@goflow/sdk';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { ask } from '../support/http.js';
import { openBrowser } from './browser.js';
import { logIn, startDashboard, visitWith } from './dashboard.js';
import { TOKENS } from './gateway.js';

const browser = openBrowser();
const tasks = defineTasks({ echo: { payload: z.any(), result: z.any() } });
const WANTS_PAGE = { accept: 'text/html' };
const HOURS_13 = 13 * 3_600_000;

test.each([
  '//[',
  '//elsewhere.example/dashboard',
  'https://elsewhere.example/dashboard',
  '/dashboard/..//elsewhere.example',
  '/dashboard/%2e%2e//elsewhere.example',
  '/\\elsewhere.example/dashboard',
  'javascript:alert(1)',
  '/dashboardelsewhere',
  'x'.repeat(1_500),
])('who logs in and is to be sent to %s comes to the overview', async (next) => {
  const { gateway } = await startDashboard({ tasks });
  const url = `${gateway.url}/dashboard/login`;
  expect((await ask(`${url}?next=${encodeURIComponent(next)}`)).status).toBe(200);
  const body = new URLSearchParams({ token: TOKENS.read, next }).toString();
  const { status, headers } = await ask(url, { method: 'POST', body });
  expect([status, headers.location]).toEqual([303, '/dashboard']);
});

test('a form that is too large is refused as that, and not read to its end', async () => {
  const { gateway } = await startDashboard({ tasks });
  const url = `${gateway.url}/dashboard/login`;
  const body = `token=${'x'.repeat(10_000_000)}`;
  const { status, headers, text } = await ask(url, { method: 'POST', body, headers: WANTS_PAGE });
  expect([status, headers.connection]).toEqual([413, 'close']);
  expect(text).toContain('a body has at most 10 KiB');
});

test('an open page is told nothing more when its login is over, and asked without one it says so', async () => {
  const now = Date.now;
  let later = 0;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + later);
  onTestFinished(() => clock.mockRestore());
  const { gateway } = await startDashboard({ tasks });
  const url = `${gateway.url}/dashboard/queues?live=1`;
  const headers = { cookie: await logIn(gateway, 'read') };
  expect((await ask(url, { method: 'HEAD', headers })).status).toBe(200);
  const open = await fetch(url, { headers });
  later = HOURS_13;
  // It comes to its end, by the gateway.
  expect(await open.text()).toContain('event: show');
  for (const method of ['HEAD', 'GET'])
    expect((await ask(url, { method, headers })).status).toBe(401);
});

test('what a link from elsewhere wants to be said is not said', async () => {
  const { gateway } = await startDashboard({ tasks });
  const cookie = await logIn(gateway, 'read');
  const read = (site: string) =>
    ask(`${gateway.url}/dashboard/queues?notice=Call+us`, {
      headers: { cookie, 'sec-fetch-site': site, 'sec-fetch-dest': 'document' },
    });
  expect((await read('same-origin')).text).toContain('Call us');
  for (const site of ['cross-site', 'same-site', 'none'])
    expect([(await read(site)).status, (await read(site)).text]).toEqual([
      200,
      expect.not.stringContaining('Call us'),
    ]);
});

test('a page goes on when a proxy has answered in the gateway’s place, and says when its login is over', async () => {
  const dashboard = await startDashboard({ tasks });
  const statuses = [502, 502];
  const visit = await visitWith(browser, dashboard, { path: '/login' });
  const { page, troubles } = visit;
  await page.clock.install();
  await page.route(/live=1/, (route) => {
    const status = statuses.shift();
    return status === undefined ? route.fallback() : route.fulfill({ status, body: '' });
  });
  await page.goto(`${dashboard.gateway.url}/dashboard/queues`);
  const away = page.locator('#away');
  await away.waitFor({ state: 'visible' });
  await dashboard.goflow.push('echo', 1);
  await page.clock.runFor(6_000);
  await page.getByRole('heading', { name: 'default' }).waitFor();
  await away.waitFor({ state: 'hidden' });
  await page.context().clearCookies();
  await page.reload();
  expect(page.url()).toContain('/dashboard/login');

  await dashboard.visit(visit, '/queues');
  // Also for the stream that the page before it may have asked for.
  statuses.push(401, 401, 401, 401);
  await page.reload();
  await page.getByText('your login is over').waitFor();
  // It is told of each answer that is no success.
  expect(troubles.every((trouble) => /status of (502|401)/.test(trouble))).toBe(true);
  troubles.length = 0;
});
