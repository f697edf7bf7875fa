// `node scripts/screenshots.mjs [FOLDER]`: sets up, runs a small system for a minute, and takes pictures of its dashboard, into docs/images.
// ALL=1: of more pages, and of empty ones, to look at. SECONDS: how long it runs. GOFLOW_BUILT=1: all is built already.
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { setup } from './setup.mjs';

const folder = process.argv[2] ?? 'docs/images';
if (!process.env.GOFLOW_BUILT) await setup();
const { chromium } = await import('playwright-core');
const { z } = await import('zod');
const { createGateway } = await import('@goflow/gateway');
const { createGoflow, defineTasks } = await import('@goflow/sdk');
const { findChromium, RedisServer } = await import('@goflow/testing');
const { createWorker, HandlerRegistry, NonRetryableError } = await import('@goflow/worker');

const RUN_MS = Number(process.env.SECONDS ?? 75) * 1_000;
const PAGES = { overview: '', queues: '/queues', workers: '/workers' };

const tasks = defineTasks({
  'mail.send': {
    payload: z.object({ to: z.string(), token: z.string() }),
    result: z.string(),
    queue: 'mail',
    maxAttempts: 1,
    redact: ['token'],
  },
  'image.resize': {
    payload: z.object({ url: z.string() }),
    result: z.number(),
    queue: 'images',
    maxAttempts: 1,
  },
  'report.make': { payload: z.object({ day: z.number() }), result: z.null(), queue: 'reports' },
});

const redis = await RedisServer.start();
const place = { redis: redis.url, prefix: 'demo' };
const token = 'token-of-the-pictures';
const gateway = createGateway({
  tasks,
  ...place,
  http: { port: 0, operateToken: token },
  grace: 0,
});
await gateway.start();
const browser = await chromium.launch({
  executablePath: await findChromium(),
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});

/** @param {import('playwright-core').BrowserContextOptions} options */
async function open(options) {
  const page = await browser.newPage({ viewport: { width: 1_200, height: 760 }, ...options });
  page.on('console', (line) => line.type() === 'error' && console.error(line.text()));
  await page.goto(`${gateway.url}/dashboard`);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL(`${gateway.url}/dashboard`);
  return page;
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} name
 * @param {string} path
 */
async function shoot(page, name, path) {
  await page.goto(`${gateway.url}/dashboard${path}`);
  await page.waitForLoadState('load');
  await delay(500);
  await page.screenshot({ path: `${folder}/dashboard-${name}.png` });
  console.log(`${folder}/dashboard-${name}.png`);
}

if (process.env.ALL) {
  const page = await open({});
  for (const [name, path] of Object.entries(PAGES)) await shoot(page, `${name}-empty`, path);
}

const goflow = createGoflow({ tasks, ...place });
const handlers = new HandlerRegistry(tasks)
  .add('mail.send', async ({ to }) => {
    await delay(40 + Math.random() * 60);
    if (to.startsWith('bounce')) throw new NonRetryableError(`no such mailbox: ${to}`);
    return 'sent';
  })
  .add('image.resize', async () => {
    await delay(200 + Math.random() * 600);
    return 1;
  });
const common = { tasks, ...place, handlers };
const workers = [
  createWorker({ ...common, concurrency: 6, name: 'web-1', labels: { region: 'eu' } }),
  createWorker({ ...common, concurrency: 4, name: 'web-2', labels: { region: 'us', tier: 'a' } }),
];
for (const worker of workers) await worker.start();
await goflow.fleet.setConcurrency(8, { queue: 'mail', labels: { region: 'eu' }, by: 'ada' });
for (const day of [1, 2, 3]) await goflow.push('report.make', { day });

let isOver = false;
/** @param {number} index */
async function pushSome(index) {
  const wave = 1 + Math.sin(index / 25);
  for (let i = 0; i < 3 * wave; i++) {
    const who = Math.random() < 0.01 ? 'bounce' : 'reader';
    await goflow.push('mail.send', { to: `${who}-${index}@mail.example`, token: 'secret' });
  }
  for (let i = 0; i < 5 * wave; i++)
    await goflow.push('image.resize', { url: `https://pictures.example/${index}.png` });
}
const pushing = (async () => {
  for (let index = 0; !isOver; index++) {
    await pushSome(index);
    await delay(250);
  }
})();
await delay(RUN_MS);
await goflow.fleet.pause('mail', { by: 'ada' });
await delay(6_000);

const light = await open({ colorScheme: 'light' });
const dark = await open({ colorScheme: 'dark' });
const phone = await open({ colorScheme: 'dark', viewport: { width: 360, height: 740 } });
await shoot(light, 'overview', PAGES.overview);
await shoot(dark, 'overview-dark', PAGES.overview);
await shoot(dark, 'queues-dark', PAGES.queues);
await shoot(light, 'workers', PAGES.workers);
await shoot(phone, 'phone', '');
await shoot(light, 'dead-letters', '/dead-letters');
const [failed] = (await goflow.inspector.list({ state: 'failed' }, undefined, 1)).tasks;
await shoot(dark, 'task-dark', `/tasks/${failed?.id}`);
await shoot(light, 'board', '/board/queue/mail?status=completed');
if (process.env.ALL) {
  await shoot(light, 'queues', PAGES.queues);
  await shoot(dark, 'workers-dark', PAGES.workers);
  for (const name of /** @type {const} */ (['queues', 'workers']))
    await shoot(phone, `${name}-phone`, PAGES[name]);
  await shoot(dark, 'audit-dark', '/audit');
  await shoot(light, 'board-all', '/board');
}
isOver = true;
await pushing;
await Promise.all(workers.map((worker) => worker.stop({ grace: 0 })));
await goflow.close();
await browser.close();
await gateway.stop();
await redis.stop();
