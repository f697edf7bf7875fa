import { expect, test } from 'vitest';
import { fakeMachine as fake } from '../machine/fake-machine.js';
import { findPrometheus } from './find-prometheus.js';

const BOTH = { prometheus: '/bin/prometheus', promtool: '/bin/promtool' };

test('is found on the PATH', async () => {
  const { machine, ran } = fake({ programs: ['prometheus', 'promtool', 'apt-get'], isRoot: true });
  expect(await findPrometheus(machine)).toEqual(BOTH);
  expect(ran).toEqual([]);
});

test('is installed where one of its programs is missing', async () => {
  const { machine, ran } = fake({
    programs: ['prometheus', 'apt-get'],
    isRoot: true,
    installs: { ' prometheus': 'promtool' },
  });
  expect(await findPrometheus(machine)).toEqual(BOTH);
  expect(ran).toHaveLength(2);
});

test('GOFLOW_NO_INSTALL=1 refuses to install, and says what to do', async () => {
  const { machine } = fake({
    env: { GOFLOW_NO_INSTALL: '1' },
    programs: ['apt-get'],
    isRoot: true,
  });
  await expect(findPrometheus(machine)).rejects.toThrow(/install it \(Debian: prometheus\)/);
});
