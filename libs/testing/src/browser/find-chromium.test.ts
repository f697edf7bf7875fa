import { expect, test } from 'vitest';
import { fakeMachine } from '../machine/fake-machine.js';
import { findChromium } from './find-chromium.js';

test('a browser on the PATH comes first', async () => {
  const { machine, ran } = fakeMachine({ programs: ['google-chrome', 'apt-get'], isRoot: true });
  expect(await findChromium(machine)).toBe('/bin/google-chrome');
  const both = fakeMachine({ programs: ['google-chrome', 'chromium'] });
  expect(await findChromium(both.machine)).toBe('/bin/chromium');
  expect(ran).toEqual([]);
});

test('then Chromium is installed, and what is run is said', async () => {
  const { machine, said } = fakeMachine({
    programs: ['apt-get'],
    isRoot: true,
    installs: { 'Timeout=120 chromium': 'chromium' },
  });
  expect(await findChromium(machine)).toBe('/bin/chromium');
  expect(said[0]).toBe('goflow needs Chromium. Running: apt-get update');
});

test('where there is none, the error says what to do', async () => {
  const { machine } = fakeMachine({ env: { GOFLOW_NO_INSTALL: '1' } });
  await expect(findChromium(machine)).rejects.toThrow(
    /install it \(Debian: chromium\).*GOFLOW_NO_INSTALL is set/,
  );
});
