// biome-ignore-all lint/suspicious/noTemplateCurlyInString: source text, planted as it is.
import type { SourceFile } from './source-tree.js';

/** Files that break one law, in one place. */
export interface Planted {
  readonly law: string;
  readonly what: string;
  readonly files: readonly SourceFile[];
  readonly reported: string;
}

export const file = (path: string, text: string): SourceFile => ({ path, text });

const manifest = (folder: string, content: object): SourceFile =>
  file(`${folder}/package.json`.replace(/^\.\//, ''), JSON.stringify(content));

const SHARED = { name: '@goflow/shared', version: '0.1.0', private: true };

export const plantedInManifests: readonly Planted[] = [
  {
    law: 'nothingMissing',
    what: 'a package that is imported and not listed',
    files: [
      manifest('libs/telemetry', { name: '@goflow/telemetry', dependencies: { pino: '10.4.0' } }),
      file('libs/telemetry/src/a.ts', "import 'pino';\nimport { Counter } from 'prom-client';"),
    ],
    reported: 'libs/telemetry/src/a.ts:2 imports prom-client, which its package.json lacks',
  },
  {
    law: 'nothingMissing',
    what: 'a tool of the workspace that is imported by more than a test',
    files: [
      manifest('.', { name: 'root', devDependencies: { zod: '4.0.0' } }),
      manifest('libs/shared', SHARED),
      file('libs/shared/src/a.test.ts', "import { z } from 'zod';"),
      file('libs/shared/src/a.ts', "import type { z } from 'zod';"),
    ],
    reported: 'libs/shared/src/a.ts:1 imports zod, which its package.json lacks',
  },
  {
    law: 'nothingUnused',
    what: 'a package that is listed and not imported',
    files: [
      manifest('libs/shared', { ...SHARED, dependencies: { zod: '4.0.0' } }),
      file('libs/shared/src/a.test.ts', "import { z } from 'zod';"),
    ],
    reported: 'libs/shared/package.json: zod is not used',
  },
  {
    law: 'selfContained',
    what: 'a published package that does not bundle a private one',
    files: [
      manifest('libs/shared', SHARED),
      manifest('apps/producer-sdk', {
        name: '@goflow/sdk',
        dependencies: { '@goflow/shared': '0.1.0' },
      }),
    ],
    reported: 'apps/producer-sdk/package.json: @goflow/shared is private and not bundled',
  },
  {
    law: 'selfContained',
    what: 'a published package that lacks what a bundled one needs',
    files: [
      manifest('libs/shared', { ...SHARED, dependencies: { spec: '1.1.0' } }),
      manifest('apps/producer-sdk', {
        name: '@goflow/sdk',
        dependencies: { '@goflow/shared': '0.1.0', spec: '1.0.0' },
        bundleDependencies: ['@goflow/shared'],
      }),
    ],
    reported: 'apps/producer-sdk/package.json: lacks spec 1.1.0',
  },
  {
    law: 'exactVersions',
    what: 'a range',
    files: [
      manifest('libs/broker', { name: '@goflow/broker', dependencies: { bullmq: '^6.7.0' } }),
    ],
    reported: 'libs/broker/package.json: bullmq ^6.7.0 is not exact',
  },
  {
    law: 'exactVersions',
    what: 'two versions of one package',
    files: [
      manifest('.', { name: 'root', devDependencies: { zod: '4.6.7' } }),
      manifest('test', { name: '@goflow/test', dependencies: { zod: '4.6.6' } }),
    ],
    reported: 'test/package.json: zod is 4.6.7 elsewhere',
  },
  {
    law: 'exactVersions',
    what: 'another version of our own package',
    files: [
      manifest('libs/shared', SHARED),
      manifest('test', { name: '@goflow/test', dependencies: { '@goflow/shared': '0.0.9' } }),
    ],
    reported: 'test/package.json: @goflow/shared is 0.1.0 elsewhere',
  },
];
export const innocent: readonly { readonly what: string; readonly files: readonly SourceFile[] }[] =
  [
    {
      what: 'what is only said in comments and strings',
      files: [
        file(
          'libs/shared/src/a.ts',
          [
            '/** @example import { createWorker } from "@goflow/worker"; export * from "a"; */',
            '// process.env, console.log, export default',
            'export const a = "import { Queue } from \'bullmq\'";',
            'export const b = `process.env ${a} export * from "fs"`;',
          ].join('\n'),
        ),
      ],
    },
    {
      what: 'a main.ts',
      files: [file('apps/cli/src/main.ts', "process.on('SIGTERM', () => process.exit(0));")],
    },
    {
      what: 'what only belongs to a process, such as its id',
      files: [file('apps/worker/src/a.ts', 'export const a = process.pid + process.uptime();')],
    },
    {
      what: 'a package of private ones that is complete',
      files: [
        manifest('libs/shared', { ...SHARED, dependencies: { '@standard-schema/spec': '1.1.0' } }),
        file('libs/shared/src/a.ts', "import type { A } from '@standard-schema/spec';"),
        manifest('apps/producer-sdk', {
          name: '@goflow/sdk',
          dependencies: { '@goflow/shared': '0.1.0', '@standard-schema/spec': '1.1.0' },
          bundleDependencies: ['@goflow/shared'],
        }),
        file('apps/producer-sdk/src/a.ts', "import { a } from '@goflow/shared';"),
      ],
    },
    {
      what: 'a package that its user has',
      files: [
        manifest('apps/producer-sdk', {
          name: '@goflow/sdk',
          peerDependencies: { '@opentelemetry/api': '>=1.9.0 <2' },
        }),
        file('apps/producer-sdk/src/tracing.ts', "import '@opentelemetry/api';"),
      ],
    },
    {
      what: 'a published package that depends on another',
      files: [
        manifest('apps/worker', { name: '@goflow/worker', version: '0.1.0' }),
        manifest('libs/local', {
          name: '@goflow/local',
          dependencies: { '@goflow/worker': '0.1.0' },
        }),
        file('libs/local/src/a.ts', "import { a } from '@goflow/worker';"),
      ],
    },
    {
      what: 'a path that another package exports',
      files: [
        manifest('libs/testing', {
          name: '@goflow/testing',
          private: true,
          exports: { './redis': {} },
        }),
        file('libs/broker/src/a.test.ts', "import { a } from '@goflow/testing/redis';"),
      ],
    },
    { what: 'tests about types', files: [file('test/src/types/push.test.ts', '')] },
    {
      what: 'the default export that a tool asks for',
      files: [file('vitest.config.ts', 'export default {};')],
    },
  ];
