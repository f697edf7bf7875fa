// `npm run docs`: writes the pages that are made from tables in the code. A test compares them.
import { writeFileSync } from 'node:fs';
import { cliPage } from './docs-cli.mjs';
import { setup } from './setup.mjs';

/** @returns {Promise<Record<string, string>>} file below docs/ → text */
export async function pages() {
  const { ERRORS } = await import('@goflow/sdk');
  const { METRICS, DURATION_BUCKETS } = await import('@goflow/telemetry');
  const { readReference } = await import('@goflow/cli/reference');
  return {
    'cli.md': cliPage(await readReference()),
    'errors.md': errorsPage(ERRORS),
    'metrics.md': metricsPage(Object.values(METRICS), DURATION_BUCKETS),
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
 * @param {readonly import('@goflow/telemetry').MetricEntry[]} metrics
 * @param {readonly number[]} buckets
 */
function metricsPage(metrics, buckets) {
  const rows = metrics.map(
    ({ name, kind, labels, help }) =>
      `| \`${name}\` | ${kind} | ${labels.join(', ') || '-'} | ${help} |`,
  );
  return `# Metrics

<!-- Made by \`npm run docs\` from libs/telemetry/src/metric-catalogue.ts. -->

Every worker serves these at \`GET /metrics\`, beside Node's own (\`process_…\`, \`nodejs_…\`).

| name | kind | labels | what |
|---|---|---|---|
${rows.join('\n')}

Histograms have these upper bounds, in seconds: ${buckets.join(', ')}.

A label is never an id, a tenant or an error text. A task type that no contract knows is counted as \`other\`.
`;
}

if (process.argv[1]?.endsWith('docs.mjs')) {
  await setup();
  for (const [file, text] of Object.entries(await pages()))
    writeFileSync(new URL(`../docs/${file}`, import.meta.url), text);
}
