import { expect, test } from 'vitest';
import { needsInstall } from './lockfile.mjs';
import { checkNode } from './setup.mjs';

test('an old Node is refused with the version that is needed', () => {
  for (const version of ['20.19.0', '20.20.2', '22.0.0']) checkNode(version);
  expect(() => checkNode('20.18.3')).toThrow('needs Node.js 20.19 or newer, and this is 20.18.3');
  expect(() => checkNode('18.20.0')).toThrow('needs Node.js 20.19');
});

const wanted = {
  packages: {
    '': { version: '1.0.0' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a', resolved: 'https://one/a.tgz' },
    'node_modules/b-windows': { version: '1.0.0', integrity: 'sha512-b', optional: true },
    'node_modules/c': { resolved: 'libs/c', link: true },
  },
};
const { '': _root, 'node_modules/b-windows': _other, ...present } = wanted.packages;

test('installs when nothing is installed', () => {
  expect(needsInstall(wanted, undefined)).toBe(true);
});

test('does not install what is there, wherever it came from', () => {
  expect(needsInstall(wanted, { packages: present })).toBe(false);
  const elsewhere = { ...present['node_modules/a'], resolved: 'https://two/a.tgz' };
  expect(needsInstall(wanted, { packages: { ...present, 'node_modules/a': elsewhere } })).toBe(
    false,
  );
});

test.each([
  ['another version', { ...present, 'node_modules/a': { version: '1.0.1' } }],
  ['a missing package', { 'node_modules/c': present['node_modules/c'] }],
  ['a link to elsewhere', { ...present, 'node_modules/c': { resolved: 'apps/c', link: true } }],
])('installs because of %s', (_why, packages) => {
  expect(needsInstall(wanted, { packages })).toBe(true);
});
