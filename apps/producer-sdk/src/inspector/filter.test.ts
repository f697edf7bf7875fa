import { expect, test } from 'vitest';
import {
  type DeadLetterFilter,
  deadLetterQuestionOf,
  questionOf,
  queuesOf,
  type TaskFilter,
} from './filter.js';
import { failureOf, openRig, tasks } from './rig.test-d.js';

const WRONG_IN_BOTH: readonly (readonly [field: string, filter: unknown])[] = [
  ['filter', null],
  ['filter', 'failed'],
  ['filter', []],
  ['filter', { typo: 1 }],
  ['filter.type', { type: 'Mail Send' }],
  ['filter.type', { type: '' }],
  ['filter.type', { type: 7 }],
  ['filter.type', { type: 'a'.repeat(101) }],
  ['filter.queue', { queue: 'Q' }],
  ['filter.queue', { queue: '{q}:*' }],
  ['filter.queue', { queue: null }],
  ['filter.tag', { tag: '' }],
  ['filter.tag', { tag: 'a'.repeat(65) }],
  ['filter.tag', { tag: ['eu'] }],
  ['filter.since', { since: 0 }],
  ['filter.since', { since: '2024-01-01' }],
  ['filter.since', { since: new Date(Number.NaN) }],
  ['filter.since', { since: null }],
  ['filter.text', { text: '' }],
  ['filter.text', { text: 'a'.repeat(201) }],
  ['filter.text', { text: /a/ }],
];

test.each([
  ...WRONG_IN_BOTH,
  ['filter', { reason: 'poison' }],
  ['filter', { fingerprint: 'abcdefghijkl' }],
  ['filter', { until: new Date(0) }],
  ['filter.state', { state: 'done' }],
  ['filter.state', { state: '' }],
  ['filter.state', { state: [] }],
  ['filter.state', { state: ['failed', 'constructor'] }],
  ['filter.state', { state: [undefined] }],
  ['filter.state', { state: null }],
  ['filter.state', { state: {} }],
] as const)('of tasks, %s is refused: %j', (field, filter) => {
  expect(() => questionOf(filter as TaskFilter, tasks)).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(`\`${field}\``),
    }),
  );
});

test.each([
  ...WRONG_IN_BOTH,
  ['filter', { state: 'failed' }],
  ['filter.until', { until: 0 }],
  ['filter.until', { until: new Date(Number.NaN) }],
  ['filter.reason', { reason: 'bored' }],
  ['filter.reason', { reason: ['poison'] }],
  ['filter.fingerprint', { fingerprint: '' }],
  ['filter.fingerprint', { fingerprint: 'a'.repeat(13) }],
  ['filter.fingerprint', { fingerprint: 'abcdefghijk\n' }],
  ['filter.fingerprint', { fingerprint: 7 }],
] as const)('of dead letters, %s is refused: %j', (field, filter) => {
  expect(() => deadLetterQuestionOf(filter as DeadLetterFilter, tasks)).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(`\`${field}\``),
    }),
  );
});

test('what is refused rejects, and does not throw', async () => {
  const { inspector, deadLetters } = openRig();
  const wrong = { typo: 1 } as object;
  for (const call of [
    inspector.list(wrong),
    inspector.list({}, undefined, 0),
    deadLetters.list(wrong),
    deadLetters.groups(wrong),
    deadLetters.redriveAll(wrong),
    deadLetters.discardAll(wrong),
  ])
    await expect(call).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

test('queues and states are walked in one order, whatever the order of the filter', () => {
  expect(queuesOf(tasks)).toEqual(['default', 'images']);
  const walked = (filter: TaskFilter) =>
    questionOf(filter, tasks).sections.map(({ queue, state }) => `${queue} ${state}`);
  expect(walked({ queue: 'default' })).toEqual(
    ['active', 'waiting', 'delayed', 'failed', 'expired', 'cancelled', 'completed'].map(
      (state) => `default ${state}`,
    ),
  );
  expect(walked({ state: ['completed', 'active'] })).toEqual([
    'default active',
    'default completed',
    'images active',
    'images completed',
  ]);
  expect(walked({ state: 'failed', type: 'image.resize' })).toEqual(['images failed']);
  expect(walked({ state: 'failed', type: 'image.resize', queue: 'old' })).toEqual(['old failed']);
  // It may have left tasks anywhere.
  expect(walked({ state: 'failed', type: 'removed.type' })).toEqual([
    'default failed',
    'images failed',
  ]);
});

test.each([
  ['the id', 'XX17'],
  ['the type', 'MAIL.s'],
  ['a tag', 'europe'],
  ['a tag', 'vip'],
  ['a key of the payload', '"to"'],
  ['the payload', 'ann@'],
  ['the name of the failure', 'TYPEerror'],
  ['its message', 'no SUCH'],
  ['its code', 'e_gone'],
])('text is found in %s: %s', async (_, text) => {
  const { broker, inspector } = openRig();
  broker.put(1, { type: 'image.resize', payload: null });
  broker.put(2, { payload: undefined, failure: failureOf('other') });
  const id = broker.put(17, {
    payload: { to: 'Ann@a.test' },
    tags: ['Europe', 'vip'],
    failure: { name: 'TypeError', message: 'no such user', code: 'E_GONE' },
  });
  const { tasks: found } = await inspector.list({ text });
  expect(found.map((task) => task.id)).toContain(id);
  if (text !== '"to"') expect(found).toHaveLength(text === 'MAIL.s' ? 2 : 1);
});

test('all that is asked must be true', async () => {
  const { broker, inspector } = openRig();
  broker.put(1, { tags: ['eu'] });
  broker.put(2, { tags: ['eu'], type: 'mail.read' });
  broker.put(3, { type: 'mail.read' });
  const { tasks: found } = await inspector.list({ tag: 'eu', type: 'mail.read', text: 'user2' });
  expect(found).toMatchObject([{ tags: ['eu'], type: 'mail.read' }]);
  expect((await inspector.list({ type: 'mail.read' })).tasks).toHaveLength(2);
  const since = new Date((found[0]?.finishedAt?.getTime() ?? 0) + 1);
  expect((await inspector.list({ since })).tasks).toHaveLength(1);
});
