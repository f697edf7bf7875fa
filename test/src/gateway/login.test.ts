import { defineTasks } from '@goflow/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openBrowser } from './browser.js';
import { startDashboard, visitWith } from './dashboard.js';

const browser = openBrowser();
const tasks = defineTasks({ echo: { payload: z.string(), result: z.string() } });

test('a login opens the page that was asked for', async () => {
  const dashboard = await startDashboard({ tasks });
  const { page } = await visitWith(browser, dashboard, { path: '/audit', role: 'read' });
  await expect(page.getByRole('heading', { level: 1 }).textContent()).resolves.toBe('Audit');
});
