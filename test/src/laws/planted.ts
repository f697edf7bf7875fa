// biome-ignore-all lint/suspicious/noTemplateCurlyInString: source text, planted as it is.
import { file, type Planted, plantedInManifests } from './planted-manifests.js';

/** One file that imports something it may not. */
function importing(law: string, given: { path: string; text: string; but: string }): Planted {
  const { path, text, but } = given;
  return {
    law,
    what: `${text} in ${path}`,
    files: [file(path, text)],
    reported: `${path}:1 ${but}`,
  };
}

const arrow = (path: string, target: string, folder: string): Planted =>
  importing('arrowsDown', {
    path,
    text: `import { a } from '${target}';`,
    but: `imports ${target}, which ${folder} may not`,
  });

const impure = (text: string, but: string): Planted =>
  importing('pureKernel', { path: 'libs/shared/src/task/a.ts', text, but });

const homeless = (name: string, path: string): Planted =>
  importing('oneHome', {
    path,
    text: `import { a } from '${name}';`,
    but: `imports ${name} outside its home`,
  });

const touching = (path: string, text: string): Planted =>
  importing('oneMain', { path, text, but: 'touches the process; only a main.ts may' });

const named = (path: string, reason: string): Planted => ({
  law: 'namedByIdea',
  what: path,
  files: [file(path, '')],
  reported: `${path} ${reason}`,
});

export const planted: readonly Planted[] = [
  arrow('libs/shared/src/a.ts', '@goflow/broker', 'libs/shared'),
  arrow('libs/shared/src/a.test.ts', '@goflow/sdk', 'libs/shared'),
  arrow('libs/broker/src/a.ts', '@goflow/telemetry', 'libs/broker'),
  arrow('libs/telemetry/src/a.ts', '@goflow/broker', 'libs/telemetry'),
  arrow('libs/broker/src/a.ts', '@goflow/testing', 'libs/broker'),
  arrow('libs/commands/src/a.ts', '@goflow/broker', 'libs/commands'),
  arrow('apps/producer-sdk/src/a.ts', '@goflow/commands', 'apps/producer-sdk'),
  arrow('apps/producer-sdk/src/a.ts', '@goflow/worker', 'apps/producer-sdk'),
  arrow('apps/worker/src/a/b.ts', '@goflow/sdk', 'apps/worker'),
  arrow('apps/worker/src/a.test.ts', '@goflow/sdk', 'apps/worker'),
  arrow('examples/01-first/a.ts', '@goflow/shared', 'examples'),
  importing('arrowsDown', {
    path: 'apps/worker/src/a.ts',
    text: "export type { A } from '@goflow/sdk/package.json';",
    but: 'imports @goflow/sdk, which apps/worker may not',
  }),
  importing('arrowsDown', {
    path: 'apps/brand-new/src/a.ts',
    text: "import '@goflow/sdk';",
    but: 'is in a project that the import law does not know',
  }),
  arrow('deploy/docker/demo/a.mjs', '@goflow/shared', 'deploy'),

  impure("import { readFileSync } from 'node:fs';", 'imports node:fs into the kernel'),
  impure(
    "import * as timers from 'node:timers/promises';",
    'imports node:timers/promises into the kernel',
  ),
  impure("import { z } from 'zod';", 'imports zod into the kernel'),
  impure(
    "import { a } from '@standard-schema/spec';",
    'imports @standard-schema/spec into the kernel',
  ),
  impure("type A = import('bullmq').Job;", 'imports bullmq into the kernel'),
  impure('export const a = process.env.A;', 'does I/O in the kernel'),
  impure("export const a = () => console.log('a');", 'does I/O in the kernel'),
  impure('export const a = () => setTimeout(b, 1);', 'does I/O in the kernel'),
  impure('export const a = () => fetch(b);', 'does I/O in the kernel'),

  homeless('bullmq', 'apps/worker/src/queue-set.ts'),
  homeless('bullmq', 'libs/broker/src/memory/a.ts'),
  homeless('bullmq', 'libs/testing/src/a.ts'),
  homeless('ioredis', 'apps/producer-sdk/src/a.ts'),
  homeless('ioredis', 'examples/a.ts'),
  homeless('prom-client', 'apps/worker/src/ops/a.ts'),
  homeless('pino', 'apps/worker/src/program/a.ts'),
  homeless('@opentelemetry/api', 'libs/telemetry/src/a.ts'),
  homeless('express', 'apps/worker/src/worker.ts'),
  homeless('helmet', 'libs/telemetry/src/a.ts'),
  homeless('commander', 'apps/worker/src/options.ts'),
  homeless('p-queue', 'libs/local/src/a.ts'),
  importing('oneHome', {
    path: 'apps/worker/src/a.ts',
    text: "import type { Job } from 'bullmq/dist/esm/classes/job.js';",
    but: 'imports bullmq outside its home',
  }),

  importing('frontDoor', {
    path: 'apps/worker/src/a.ts',
    text: "import { a } from '@goflow/shared/src/a.js';",
    but: 'imports past the index: @goflow/shared/src/a.js',
  }),
  importing('frontDoor', {
    path: 'test/src/a.ts',
    text: "import { a } from '@goflow/worker/dist/worker.js';",
    but: 'imports past the index: @goflow/worker/dist/worker.js',
  }),
  importing('frontDoor', {
    path: 'apps/worker/src/ops/a.ts',
    text: "import { a } from '../../../../libs/shared/src/a.js';",
    but: 'reaches into another project: ../../../../libs/shared/src/a.js',
  }),
  importing('frontDoor', {
    path: 'libs/testing/src/a.ts',
    text: "import '../../../scripts/a.mjs';",
    but: 'reaches into another project: ../../../scripts/a.mjs',
  }),
  importing('frontDoor', {
    path: 'scripts/a.mjs',
    text: "import '../libs/shared/dist/index.js';",
    but: 'reaches into another project: ../libs/shared/dist/index.js',
  }),
  importing('nodePrefix', {
    path: 'libs/testing/src/a.ts',
    text: "import { readFile } from 'fs/promises';",
    but: 'imports fs/promises without node:',
  }),

  touching('apps/worker/src/a.ts', 'export const a = process.env;'),
  touching('apps/worker/src/program/a.ts', 'process.exit(1);'),
  touching('apps/worker/src/program/a.ts', 'process.exitCode = 1;'),
  touching('libs/broker/src/a.ts', "process.on('SIGTERM', a);"),
  touching('libs/telemetry/src/a.ts', "process.once('exit', a);"),
  touching('libs/commands/src/process-group.ts', 'process.exit();'),
  touching('libs/commands/src/run-command.ts', 'process.kill(-id);'),
  touching('apps/producer-sdk/src/a.ts', 'const { env } = process;'),
  touching('apps/producer-sdk/src/a.ts', "import { env } from 'node:process';"),
  touching('benchmarks/src/a.ts', 'const a = `${process.env.REDIS_URL}`;'),
  touching('libs/shared/src/mains.ts', 'process.exit();'),

  importing('oneReader', {
    path: 'apps/gateway/src/a.ts',
    text: 'app.use(express.json());',
    but: 'reads a body; readBody does',
  }),

  ...["test('a', async () => {\n}, 20_000);\n", "test(\n  'a', work,\n  60_000,\n);\n"].map(
    (text, index) => ({
      law: 'patientTests',
      what: `${text} in a test`,
      files: [file('test/src/a.test.ts', text)],
      reported: `test/src/a.test.ts:${index + 2} has no more time than all tests`,
    }),
  ),

  importing('namedExports', {
    path: 'libs/shared/src/index.ts',
    text: "export * from './a.js';",
    but: 'exports *',
  }),
  importing('namedExports', {
    path: 'libs/shared/src/index.ts',
    text: "export type * as a from './a.js';",
    but: 'exports *',
  }),
  importing('namedExports', {
    path: 'libs/shared/src/a.ts',
    text: 'export default function a() {}',
    but: 'has a default export',
  }),
  importing('namedExports', {
    path: 'libs/shared/src/a.ts',
    text: 'export { a as default };',
    but: 'has a default export',
  }),

  named('libs/shared/src/utils/a.ts', 'is named utils, which says nothing'),
  named('apps/worker/src/helpers.ts', 'is named helpers, which says nothing'),
  named('apps/worker/src/helper.test.ts', 'is named helper, which says nothing'),
  named('libs/broker/src/bullmq/types.ts', 'is named types, which says nothing'),
  named('libs/broker/src/interfaces/broker.ts', 'is named interfaces, which says nothing'),
  named('test/src/common/a.ts', 'is named common, which says nothing'),
  named('test/src/types/support.ts', 'is named types, which says nothing'),
  named('libs/shared/src/taskId.ts', 'is not kebab-case'),
  named('libs/shared/src/Task.test.ts', 'is not kebab-case'),
  {
    law: 'shortFiles',
    what: 'a file of 301 lines',
    files: [file('scripts/a.mjs', 'a();\n'.repeat(301))],
    reported: 'scripts/a.mjs has 301 lines, over 300',
  },

  ...plantedInManifests,
];
