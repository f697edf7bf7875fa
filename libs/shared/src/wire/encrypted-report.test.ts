import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { TaskFailure } from '../errors/task-failure.js';
import type { TaskLogEntry } from '../task/task-detail.js';
import { Cipher } from './cipher.js';
import { decryptFailure, decryptLine, encryptFailure, encryptLine } from './encrypted-report.js';

const cipherOf = (): Cipher =>
  new Cipher({ keys: new Map([['k', randomBytes(32)]]), current: 'k', required: false });
const cipher = cipherOf();
const TASK = { type: 'a', id: 'default:1' };

const FAILURES: Readonly<Record<string, TaskFailure>> = {
  'a short one': { name: 'Error', message: 'canary', code: 'HANDLER_FAILED' },
  'one with everything': {
    name: 'TypeError',
    message: 'canary',
    code: 'E',
    stack: 'TypeError: canary\n    at canary',
    details: { canary: ['canary'] },
    cause: { name: 'Error', message: 'canary', code: 'C', details: 'canary' },
  },
};

test.each(Object.entries(FAILURES))(
  'of a failure name and code are in the clear: %s',
  (_w, one) => {
    const stored = encryptFailure(one, TASK, cipher);
    expect(JSON.stringify(stored)).not.toContain('canary');
    expect(stored).toMatchObject({ name: one.name, code: one.code, message: '(encrypted)' });
    expect(decryptFailure(stored, TASK, cipher)).toEqual(one);
    // As a broker keeps it: with a stack, read back from JSON.
    const kept = { ...JSON.parse(JSON.stringify(stored)), stack: 'Error: (encrypted)' };
    expect(decryptFailure(kept, TASK, cipher)).toEqual(one);
  },
);

test('what cannot be read of a failure is not shown', () => {
  const stored = encryptFailure(FAILURES['a short one'] as TaskFailure, TASK, cipher);
  const rest = { name: 'Error', message: '(encrypted)', code: 'HANDLER_FAILED' };
  expect(decryptFailure(stored, TASK, undefined)).toEqual(rest);
  expect(decryptFailure(stored, TASK, cipherOf())).toEqual(rest);
  expect(decryptFailure(stored, { ...TASK, id: 'default:2' }, cipher)).toEqual(rest);
});

test('a failure that only looks like one is left as it is', () => {
  for (const details of [undefined, { '~enc': 1 }, 'k,'])
    for (const message of ['(encrypted)', 'm']) {
      const failure = { name: 'Error', message, code: 'C', details };
      expect(decryptFailure(failure, TASK, cipher)).toBe(failure);
    }
});

test.each<[string, Partial<TaskLogEntry>]>([
  ['with fields', { fields: { canary: 1 } }],
  ['without', {}],
])('of a log line its words are encrypted: %s', (_what, more) => {
  const line: TaskLogEntry = {
    at: new Date(1),
    level: 'info',
    message: 'canary',
    attempt: 1,
    seq: 2,
    ...more,
  };
  const stored = encryptLine(line, TASK, cipher);
  expect(JSON.stringify(stored)).not.toContain('canary');
  expect(decryptLine(stored, TASK, cipher)).toEqual(line);
  const { fields: _, ...rest } = { ...line, message: '(encrypted)' };
  expect(decryptLine(stored, TASK, undefined)).toEqual(rest);
  expect(decryptLine(line, TASK, cipher)).toBe(line);
});
