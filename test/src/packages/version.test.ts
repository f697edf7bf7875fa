import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../../scripts/run-program.mjs';

interface Manifest {
  readonly version: string;
}

/** No door gives it away, and the kernel is not for programs: it is read from its source. */
const source = readFileSync(join(ROOT, 'libs/shared/src/version.ts'), 'utf8');
const VERSION = /^export const VERSION = '(.+)';$/m.exec(source)?.[1];

const folders = ['apps', 'libs'].flatMap((group) =>
  readdirSync(join(ROOT, group)).map((name) => `${group}/${name}`),
);

const manifestIn = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;

test('the packages are found', () => {
  expect(VERSION).toMatch(/^\d+\.\d+\.\d+$/);
  const doors = ['apps/producer-sdk', 'apps/worker', 'libs/broker', 'libs/shared'];
  expect(folders).toEqual(expect.arrayContaining(doors));
});

test.each(['.', ...folders])(
  'the version that workers tell is that of the package in %s',
  (folder) => {
    expect(manifestIn(folder).version).toBe(VERSION);
  },
);
