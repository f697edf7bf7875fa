// `npm run docs`: writes the pages that are made from tables in the code. A test compares them.
import { writeFileSync } from 'node:fs';
import { cliPage } from './docs-cli.mjs';
import { setup } from './setup.mjs';

/** @returns {Promise<Record<string, string>>} file below docs/ → text */
export async function pages() {
  const { ERRORS } = await import('@goflow/sdk');
  const telemetry = await import('@goflow/telemetry');
  const { readReference } = await import('@goflow/cli/reference');
  return {
    'cli.md': cliPage(await readReference()),
    'errors.md': errorsPage(ERRORS),
    'metrics.md': metricsPage(Object.values(telemetry.METRICS), telemetry),
  };
}

/** @param {Readonly<Record<string, import('@goflow/shared').ErrorEntry>>} errors */
function errorsPage(errors) {
  const sections = Object.entries(errors).map(
    ([code, { http, retryable, when, cure }]) =>
      `## ${code}\n\n${when}\n\n**What to do:** ${cure}\n\nHTTP ${http}; ${retryable ? 'the same call may succeed later' : 'the same call will fail again'}.\n`,
  );
  return `# Errors

<!-- Made by \`npm run docs\` from libs/shared/src/errors/error-table.ts. -->

Every error of goflow's has a stable \`code\`. Match on it, not on the class or the message:

\`\`\`ts
import { isGoflowError } from '@goflow/sdk';

try {
  await goflow.push('repeater', payload);
} catch (error) {
  if (isGoflowError(error, 'BROKER_UNAVAILABLE')) return later();
  throw error;
}
\`\`\`

A failure of a task (\`TaskFailure\`) carries such a code, too, or the \`code\` of what the handler threw.

${sections.join('\n')}`;
}

/**
 * Who shows a metric, and how its series of many processes are put together.
 *
 * @type {readonly [from: import('@goflow/telemetry').MetricEntry['from'], title: string, text: string][]}
 */
const METRIC_GROUPS = [
  [
    'worker',
    'Of each worker',
    "Every worker serves these at `GET /metrics`, beside Node's own (`process_…`, `nodejs_…`). They are about what happened in that worker: `sum` over all.",
  ],
  [
    'exporter',
    'Of all queues, from one process',
    'What is true of a queue, of the fleet and of Redis is the same wherever it is asked. So it comes from **one process only**, which is elected among those that are scraped: `sum by (queue, state) (goflow_queue_tasks)` is true, but for [a moment](#how-sums-are-right) when another one is elected.',
  ],
  ['process', 'Of each process that can be elected', 'The workers and gateways that are scraped.'],
  [
    'client',
    'Of clients',
    'Of each client that was given to `createClientMetrics(goflow, { register })` of `@goflow/sdk/metrics`, where `register` is that of your own prom-client: `sum` over all. Others do nothing for it, and need no prom-client. A gateway counts what is pushed and cancelled through it, `goflow cancel` nothing: it ends before it could be asked.',
  ],
  [
    'gateway',
    'Of each gateway',
    "Every gateway serves these at `GET /metrics`, beside Node's own: `sum` over all.",
  ],
];

/**
 * @param {readonly import('@goflow/telemetry').MetricEntry[]} metrics
 * @param {Pick<typeof import('@goflow/telemetry'), 'FAILURE_REASONS' | 'HAND_BACK_REASONS'>} values
 */
function metricsPage(metrics, { FAILURE_REASONS, HAND_BACK_REASONS }) {
  const listed = (/** @type {readonly string[]} */ values) =>
    values.map((one) => `\`${one}\``).join(', ');
  const sections = METRIC_GROUPS.map(([from, title, text]) => {
    const rows = metrics
      .filter((metric) => metric.from === from)
      .map(
        ({ name, kind, unit, labels, help }) =>
          `| \`${name}\` | ${kind} | ${unit === '1' ? '-' : unit} | ${labels.join(', ') || '-'} | ${help} |`,
      );
    return `## ${title}\n\n${text}\n\n| name | kind | unit | labels | what |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  const buckets = metrics
    .filter(({ buckets }) => buckets)
    .map(({ name, buckets = [] }) => `- \`${name}\`: ${buckets.join(', ')}`);
  return `# Metrics

<!-- Made by \`npm run docs\` from libs/shared/src/metrics/metric-catalogue.ts. -->

What is made of them: [alerts and dashboards](alerts.md).

${sections.join('\n')}
## Labels

A label is never an id, a tenant or an error text. A task type that no contract knows is counted as \`other\`, and so is every type after the first 500
that are seen (\`metricTypes\` of a worker and of a gateway, \`maxTypes\` of a client). So are queues after the first 500 (\`metricQueues\`, \`maxQueues\`): their tasks,
slots and concurrencies are summed, their oldest task is the oldest of all, they are paused when all are, and their workers are the fewest that any has in which
tasks wait.

\`reason\` of \`goflow_task_failures_total\` is one of ${listed(FAILURE_REASONS)}. That of
\`goflow_tasks_handed_back_total\` is one of ${listed(HAND_BACK_REASONS)}. What any type may come to is there
from zero; the first of a rarer reason is seen in the counter, and not in its rate.

## How sums are right

- A process takes part in the election from its first scrape on, until it was not scraped for 150 s. A worker that nobody scrapes is never elected.
- The elected one holds a lease of 6 s in Redis, renews it every 2 s, and gives it back when it stops. After one that was killed another is elected
  within 6 s. \`sum(goflow_exporter_elected)\` is 1, and 0 for a moment after that.
- Prometheus keeps the last figures of one that has ended until it asks it in vain: for less than one scrape interval they may be there beside the first of
  the next. So \`sum(max by (queue, state) (goflow_queue_tasks))\` is true at every moment, as rules and dashboards have it; a plain \`sum\` may be twice as
  much for that moment. The rules also bridge the moment in which nobody tells (\`last_over_time\`), so that no alert ends and begins anew.
- A task that expires, or whose deadline is over, while it waits is counted by the worker that takes it. One that is cancelled while it waits is counted by
  who cancels it, one that runs by its worker; one that is cancelled just when an attempt of it ends, to be tried again, by nobody.
- While Redis is away, every scrape is answered within a second or so: \`goflow_broker_up\` is 0, what the process knows of itself is there, and what is true
  of all queues is left out rather than old.

## Several Prometheus

One process is elected in a whole prefix. So of two servers of Prometheus that each scrape a part of the fleet, one is without all that is true of all queues, and its
alerts on queues are blind (\`GoflowNoExporter\` fires there). Say to which each process belongs: one is elected in each group, and sums are right in each server.

    goflow-worker --metric-group east …          # all that the first one scrapes: workers and gateways
    goflow-worker --metric-group west …          # all that the second one scrapes

Where servers scrape all processes, such as two for high availability, nothing is needed. What puts groups together (federation, Thanos, Mimir) sees what is true
of all queues once from each: use \`max by (queue, state)\`, as the dashboards and alerts do, and \`sum\` for all else.

## Buckets

Histograms have these upper bounds, in seconds:

${buckets.join('\n')}
`;
}

if (process.argv[1]?.endsWith('docs.mjs')) {
  await setup();
  for (const [file, text] of Object.entries(await pages()))
    writeFileSync(new URL(`../docs/${file}`, import.meta.url), text);
}
