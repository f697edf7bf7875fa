import { defineTasks } from '@goflow/sdk';
import { RedisServer, until } from '@goflow/testing';
import { HandlerRegistry } from '@goflow/worker';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { ask } from '../support/http.js';
import { openRedis } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { openBrowser } from './browser.js';
import { startDashboard, visitWith } from './dashboard.js';

const browser = openBrowser();
const tasks = defineTasks({
  'mail.send': {
    payload: z.object({ to: z.string(), token: z.string() }),
    result: z.string(),
    queue: 'mail',
    maxAttempts: 1,
    redact: ['token'],
  },
});
const PATHS = ['', '/workers', '/queues', '/dead-letters', '/tasks', '/audit'];
const HARM = `<img src=x onerror="document.title='harmed'"><script>document.title='harmed'</script>`;

const handlers = new HandlerRegistry(tasks).add('mail.send', async ({ to }) => {
  if (to === 'nobody') throw new Error('no such mailbox');
  return `sent to ${to}`;
});

/** A system with something on every page. */
async function startBusy() {
  const dashboard = await startDashboard({ tasks });
  const { goflow } = dashboard;
  await dashboard.startWorker({ handlers, name: 'w-1', labels: { region: 'eu' } });
  const payloads = ['ada', 'nobody'].map((to) => ({ to, token: 'hidden-token' }));
  await goflow.waitAll(await goflow.pushMany('mail.send', payloads));
  await goflow.fleet.setConcurrency(3, { queue: 'mail' });
  await goflow.fleet.pause('mail');
  await goflow.push('mail.send', { to: 'later', token: 'hidden-token' });
  return dashboard;
}

const mainText = async (page: Page): Promise<string> =>
  (await page.locator('main').allInnerTexts()).join();

test('what others wrote is text: nothing of it runs, and the policy has nothing to refuse', async () => {
  const dashboard = await startDashboard({ tasks });
  const { gateway, goflow, place } = dashboard;
  await goflow.push('mail.send', { to: HARM, token: HARM }, { tags: ['<b>tag'] });
  await goflow.fleet.pause('mail', { by: HARM });
  await goflow.fleet.setConcurrency(1, { by: HARM });
  // A worker says of itself what it likes.
  const redis = openRedis(place.redis);
  const advert = {
    name: HARM,
    host: HARM,
    pid: 1,
    version: HARM,
    types: [HARM],
    queues: { [HARM]: { concurrency: 1, active: 0 } },
    labels: { [HARM]: HARM },
    startedAt: Date.now(),
    eventLoopLagMs: 0,
    state: HARM,
  };
  await redis.hset(`${place.prefix}:{fleet}:workers`, 'harm', JSON.stringify(advert));
  await redis.zadd(`${place.prefix}:{fleet}:seen`, Date.now() + 60_000, 'harm');
  const { page } = await visitWith(browser, dashboard);
  for (const path of PATHS) {
    await page.goto(`${gateway.url}/dashboard${path}`);
    expect(await page.title(), path).toContain('goflow');
    expect(await page.locator('main img, main script').count(), path).toBe(0);
  }
  await page.goto(`${gateway.url}/dashboard/workers`);
  expect(await mainText(page)).toContain('<img src=x onerror=');
  await page.goto(`${gateway.url}/dashboard/audit`);
  expect(await mainText(page)).toContain('<img src=x onerror=');
});

test('keys alone: past the head by the first link, what has the focus is seen, and keeps it', async () => {
  const dashboard = await startBusy();
  const { goflow } = dashboard;
  const { page } = await visitWith(browser, dashboard);
  await page.goto(`${dashboard.gateway.url}/dashboard`);
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to content' });
  expect(await skip.evaluate((link) => link === document.activeElement)).toBe(true);
  expect((await skip.boundingBox())?.x).toBeGreaterThanOrEqual(0);
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
  await page.keyboard.press('Tab');
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: at } = document;
      const outline = at ? getComputedStyle(at).outlineStyle : '';
      return { key: at?.getAttribute('data-key'), outline };
    });
  const before = await focused();
  expect(before).toEqual({ key: expect.stringMatching(/^trouble mail/), outline: 'solid' });
  await page.getByRole('link', { name: /^Waiting/ }).focus();
  await page.evaluate(() => document.activeElement?.setAttribute('data-old', ''));
  await goflow.push('mail.send', { to: 'more', token: 'x' });
  const isNew = () => page.evaluate(() => document.querySelector('[data-old]') === null);
  await until(isNew, { what: 'the page to be told anew' });
  expect((await focused()).key).toBe('card Waiting');
});

test('on a phone no page is wider than the screen; colours can be read, by day and by night', async () => {
  const dashboard = await startBusy();
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await visitWith(browser, dashboard, {
      colorScheme,
      reducedMotion: 'reduce',
      viewport: { width: 360, height: 740 },
    });
    for (const path of PATHS) {
      await page.goto(`${dashboard.gateway.url}/dashboard${path}`);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width, path).toBeLessThanOrEqual(360);
      expect(await page.evaluate(paleTexts), `${colorScheme} ${path}`).toEqual([]);
      expect(await page.evaluate(movingParts), path).toEqual([]);
    }
  }
});

/** Runs in the page: what is written in a colour that is not 4.5 times as light or dark as what is behind it (WCAG 2, AA). */
function paleTexts(): string[] {
  const channels = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const light = (colour: string): number => {
    const [r = 0, g = 0, b = 0] = channels(colour).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element: Element | null): string => {
    if (!element) return 'rgb(255, 255, 255)';
    const { backgroundColor } = getComputedStyle(element);
    return channels(backgroundColor)[3] === 0 ? behind(element.parentElement) : backgroundColor;
  };
  const texts = [...document.body.querySelectorAll('*')].filter((element) =>
    [...element.childNodes].some(({ nodeType, nodeValue }) => nodeType === 3 && nodeValue?.trim()),
  );
  return texts.flatMap((element) => {
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return contrast < 4.5 ? [`${element.outerHTML.slice(0, 80)}: ${contrast.toFixed(1)}`] : [];
  });
}

/** Runs in the page. */
function movingParts(): string[] {
  const isStill = (durations: string): boolean => /^0s(, 0s)*$/.test(durations);
  return [...document.querySelectorAll('*')]
    .filter((element) => {
      const { animationDuration, transitionDuration } = getComputedStyle(element);
      return !isStill(transitionDuration) || !isStill(animationDuration);
    })
    .map(({ outerHTML }) => outerHTML.slice(0, 80));
}

test('bull-board shows the queues, what goflow would show of their tasks, and changes nothing', async () => {
  const dashboard = await startBusy();
  const { gateway, goflow, place } = dashboard;
  const board = `${gateway.url}/dashboard/board`;
  expect((await ask(`${board}/api/queues`)).headers.location).toMatch(/^\/dashboard\/login/);
  const { page } = await visitWith(browser, dashboard, { path: '/queues', role: 'read' });
  await page.getByRole('link', { name: 'In BullMQ' }).click();
  await page.getByText('mail.send').first().waitFor();
  await page.goto(`${board}/queue/mail?status=completed`);
  await page.getByText('sent to ada').first().waitFor();
  const shown = await page.evaluate(() => document.body.textContent);
  expect(shown).toContain('[redacted]');
  expect(shown).not.toContain('hidden-token');
  await page.goto(`${board}/queue/mail?status=failed`);
  await page.getByRole('link', { name: 'The task, in goflow' }).first().waitFor();
  const [cookie] = await page.context().cookies(board);
  const headers = { cookie: `${cookie?.name}=${cookie?.value}` };
  for (const path of ['pause', 'empty', 'retry/failed', 'promote']) {
    const question = { method: 'PUT', headers };
    const answer = await ask(`${board}/api/queues/mail/${path}`, question);
    expect(answer.status, path).toBe(403);
  }
  const names = async (): Promise<string[]> => {
    const { json } = await ask(`${board}/api/queues`, { headers });
    return (json as { queues: { name: string }[] }).queues.map(({ name }) => name);
  };
  expect(await names()).toEqual(['mail']);
  const others = defineTasks({
    other: { payload: z.number(), result: z.number(), queue: 'later' },
  });
  await openClient(others, place).push('other', 1);
  await until(async () => (await names()).includes('later'), { what: 'the new queue' });
  expect(await goflow.fleet.queues()).toMatchObject([{}, { queue: 'mail', isPaused: true }]);
});

test('on the board what is encrypted is hidden, what is compressed is read, and a chunk says what it is', async () => {
  const encryption = { current: 'a', keys: { a: Buffer.alloc(32, 7).toString('base64') } };
  const dashboard = await startDashboard({ tasks, gateway: { encryption } });
  const { gateway, place, goflow } = dashboard;
  const open = openClient(tasks, place, { compressAbove: 256 });
  const sealed = openClient(tasks, place, { encryption });
  const secret = { to: 'hidden-to', token: 'hidden-token' };
  const [plainId, sealedId] = await Promise.all([
    open.push('mail.send', { to: 'long '.repeat(200), token: 'hidden-token' }),
    sealed.push('mail.send', secret),
  ]);
  await goflow.pushMany('mail.send', [secret, secret], { chunk: 2 });
  const { page } = await visitWith(browser, dashboard, { path: '/queues', role: 'read' });
  const url = `${gateway.url}/dashboard/board/api/queues?activeQueue=mail&status=waiting&page=1&jobsPerPage=10`;
  const text = await (await page.request.get(url)).text();
  const { queues } = JSON.parse(text) as { queues: { jobs: Record<string, unknown>[] }[] };
  const jobs = queues[0]?.jobs ?? [];
  const dataOf = (id: string) => jobs.find((job) => id === `mail:${String(job.id)}`)?.data;
  expect(dataOf(plainId)).toEqual({ to: 'long '.repeat(200), token: '[redacted]' });
  expect(dataOf(sealedId)).toBe('(encrypted)');
  const chunk = jobs.find(({ id }) => ![plainId, sealedId].includes(`mail:${String(id)}`));
  expect(chunk?.data).toEqual({
    chunk: expect.stringContaining('carries 2 tasks'),
    payloads: Array(2).fill({ ...secret, token: '[redacted]' }),
  });
  expect(text).not.toContain('hidden-token');
});

test('a page that is left open says that it is old while Redis is away, and goes on by itself', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const place = { redis: server.url, prefix: 'away' };
  const dashboard = await startDashboard({ tasks, place });
  await dashboard.goflow.push('mail.send', { to: 'ada', token: 'x' });
  const open = await visitWith(browser, dashboard);
  const old = open.page.getByText('What you see is old');
  await until(async () => /mail: nobody takes/.test(await mainText(open.page)), { what: 'a page' });
  expect(await old.isVisible()).toBe(false);
  await server.kill9();
  await old.waitFor();
  const late = await browser.newPage({ storageState: await open.page.context().storageState() });
  await late.page.goto(open.page.url());
  await late.page.getByRole('heading', { name: 'Redis does not answer' }).waitFor();
  expect(late.troubles.splice(0)).toEqual([expect.stringContaining('503')]);
  await server.restart();
  await old.waitFor({ state: 'hidden' });
  // It came back empty.
  for (const { page } of [open, late])
    await until(async () => /Waiting\s+0/.test(await mainText(page)), {
      what: 'the page to show what is there now',
    });
  late.troubles.length = 0;
});

test('a gateway that stops does not wait for pages that are open: they say that they are old', async () => {
  const dashboard = await startDashboard({ tasks, gateway: { grace: '1h' } });
  const { page, troubles } = await visitWith(browser, dashboard);
  await page.getByText('Nothing was pushed yet').waitFor();
  await dashboard.gateway.stop();
  await page.getByText('What you see is old').waitFor();
  await page.close();
  // It asked again, and nobody was there.
  troubles.length = 0;
});
