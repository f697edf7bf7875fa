import { expect, test } from 'vitest';
import * as dependencies from './dependencies.js';
import * as fileLaws from './files.js';
import * as imports from './imports.js';
import { planted } from './planted.js';
import { innocent } from './planted-manifests.js';
import { type Law, readRepository } from './source-tree.js';

const LAWS: Readonly<Record<string, Law>> = {
  arrowsDown: imports.arrowsDown,
  pureKernel: imports.pureKernel,
  oneHome: imports.oneHome,
  frontDoor: imports.frontDoor,
  nodePrefix: imports.nodePrefix,
  oneMain: fileLaws.oneMain,
  oneReader: fileLaws.oneReader,
  patientTests: fileLaws.patientTests,
  namedExports: fileLaws.namedExports,
  namedByIdea: fileLaws.namedByIdea,
  shortFiles: fileLaws.shortFiles,
  nothingMissing: dependencies.nothingMissing,
  nothingUnused: dependencies.nothingUnused,
  selfContained: dependencies.selfContained,
  exactVersions: dependencies.exactVersions,
};

const repository = readRepository();

test.each(planted)('$law reports $what', ({ law, files, reported }) => {
  expect(LAWS[law]?.(files)).toEqual([reported]);
});

test.each(innocent)('no law minds $what', ({ files }) => {
  for (const [name, law] of Object.entries(LAWS)) expect(law(files), name).toEqual([]);
});

test('every law has been seen to fail', () => {
  expect([...new Set(planted.map(({ law }) => law))].sort()).toEqual(Object.keys(LAWS).sort());
});

test.each(Object.keys(LAWS))('this repository keeps the law: %s', (name) => {
  expect(LAWS[name]?.(repository)).toEqual([]);
});

test('a violation planted in this repository is found there', () => {
  const path = 'libs/shared/src/planted.ts';
  const text = "import { Queue } from 'bullmq';\nexport const queue = new Queue('a');\n";
  const files = [...repository, { path, text }];
  expect(imports.pureKernel(files)).toEqual([`${path}:1 imports bullmq into the kernel`]);
  expect(imports.oneHome(files)).toEqual([`${path}:1 imports bullmq outside its home`]);
  expect(dependencies.nothingMissing(files)).toContain(
    `${path}:1 imports bullmq, which its package.json lacks`,
  );
});

test('the whole repository is looked at', () => {
  const paths = repository.map(({ path }) => path);
  for (const path of [
    'package.json',
    'apps/producer-sdk/src/index.ts',
    'apps/worker/src/main.ts',
    'libs/broker/src/bullmq/keys.ts',
    'libs/shared/src/index.ts',
    'libs/shared/package.json',
    'scripts/bundle-internal.mjs',
    'test/src/laws/import-law.test.ts',
  ])
    expect(paths).toContain(path);
  expect(paths.filter((path) => /node_modules|(^|\/)dist\//.test(path))).toEqual([]);
});
