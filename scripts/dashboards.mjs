// `npm run dashboards`: writes Grafana's dashboards, which are made by scripts/dashboards. A test compares them.
import { writeFileSync } from 'node:fs';
import { gateways } from './dashboards/gateways.mjs';
import { overview } from './dashboards/overview.mjs';
import { redis } from './dashboards/redis.mjs';
import { taskTypes } from './dashboards/task-types.mjs';
import { workers } from './dashboards/workers.mjs';

/** @returns {Record<string, string>} file below deploy/grafana/dashboards → text */
export function dashboards() {
  const made = [overview(), taskTypes(), workers(), redis(), gateways()];
  return Object.fromEntries(
    made.map((one) => [`${one.uid}.json`, `${JSON.stringify(one, null, 2)}\n`]),
  );
}

if (process.argv[1]?.endsWith('dashboards.mjs'))
  for (const [file, text] of Object.entries(dashboards()))
    writeFileSync(new URL(`../deploy/grafana/dashboards/${file}`, import.meta.url), text);
