import { createGateway, type Gateway, type GatewayOptions } from '@goflow/gateway';
import type { Goflow, TaskDefinitions, Tasks } from '@goflow/sdk';
import type { Worker, WorkerOptions } from '@goflow/worker';
import { onTestFinished } from 'vitest';
import { newPlace, type Place } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';
import type { TestBrowser, TestPage } from './browser.js';
import { TOKENS } from './gateway.js';

/** The tokens of test gateways, by role. */
/** What a {@link startDashboard} is started with. */
export interface DashboardOptions<D extends TaskDefinitions> {
  readonly tasks: Tasks<D>;
  /** @default one of the test's own */
  readonly place?: Place;
  readonly gateway?: Partial<GatewayOptions>;
}

export interface Dashboard<D extends TaskDefinitions> {
  readonly place: Place;
  readonly gateway: Gateway;
  readonly goflow: Goflow<D>;
  /** A started worker. */
  startWorker(options: Omit<WorkerOptions<D>, 'redis' | 'prefix' | 'tasks'>): Promise<Worker>;
  /** Logs a page in, and opens `path` below `/dashboard`. */
  visit(page: TestPage, path?: string, role?: keyof typeof TOKENS): Promise<void>;
}

/** A gateway in this process, with a client, in a place of their own; all is closed when the test ends. */
export async function startDashboard<D extends TaskDefinitions>(
  options: DashboardOptions<D>,
): Promise<Dashboard<D>> {
  const { tasks, place = newPlace() } = options;
  const { read, push, operate } = TOKENS;
  const http = { port: 0, readToken: read, pushToken: push, operateToken: operate };
  const gateway = createGateway({ tasks, ...place, http, grace: 0, ...options.gateway });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  return {
    place,
    gateway,
    goflow: openClient(tasks, place),
    startWorker: async (given) => {
      const worker = makeWorker({ tasks, ...given } as Omit<WorkerOptions<D>, 'redis'>, place);
      await worker.start();
      return worker;
    },
    visit: async ({ page }, path = '', role = 'operate') => {
      const url = `${gateway.url}/dashboard`;
      const form = { token: TOKENS[role] };
      await page.request.post(`${url}/login`, { form, maxRedirects: 0 });
      await page.goto(`${url}${path}`);
    },
  };
}

/** Logs in as a browser does. @returns the cookie */
export async function logIn({ url }: Gateway, role: keyof typeof TOKENS): Promise<string> {
  const body = new URLSearchParams({ token: TOKENS[role] });
  const answer = await fetch(`${url}/dashboard/login`, {
    method: 'POST',
    body,
    redirect: 'manual',
  });
  return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
}

/** A page that is logged in already, on `path`. */
export async function visitWith(
  browser: TestBrowser,
  dashboard: Pick<Dashboard<TaskDefinitions>, 'visit'>,
  { path = '', role = 'operate', ...options }: VisitOptions = {},
): Promise<TestPage> {
  const page = await browser.newPage(options);
  await dashboard.visit(page, path, role);
  return page;
}

/** Where {@link visitWith} goes, as whom, and with which browser options. */
export interface VisitOptions extends NonNullable<Parameters<TestBrowser['newPage']>[0]> {
  readonly path?: string;
  readonly role?: keyof typeof TOKENS;
}
