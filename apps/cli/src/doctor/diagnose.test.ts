import type { NodeFacts, QueueFacts, RedisFacts } from '@goflow/broker';
import type { WorkerRecord } from '@goflow/shared';
import { expect, test } from 'vitest';
import { diagnose } from './diagnose.js';
import type { Finding } from './finding.js';

// Faults that a test cannot easily plant in a real Redis. The others: test/src/cli/doctor*.test.ts.

const NODE: NodeFacts = {
  name: '127.0.0.1:6379',
  version: '7.2.4',
  role: 'master',
  masterName: undefined,
  replicas: 1,
  evictionPolicy: 'noeviction',
  evictedKeys: 0,
  memory: { used: 1e6, max: 0, ofSystem: 8e9 },
  disk: { isAppendOnly: true, hasSnapshots: true, appendFsync: 'everysec', isFailing: false },
  clients: { connected: 10, max: 10_000 },
  roundTripsMs: [0.2, 0.3, 0.9],
  skew: { ms: 3, doubtMs: 1 },
};

const QUEUE: QueueFacts = {
  queue: 'default',
  isPaused: false,
  counts: { waiting: 0, delayed: 0, active: 0, completed: 9, failed: 0, cancelled: 0, expired: 0 },
  waiting: [0, 0, 0, 0, 0],
  slotsTaken: 0,
  isNextSame: false,
  oldestDueAt: undefined,
  overdue: 0,
  openTypes: [],
  ownerless: 0,
  dead: { during: 0, recent: 0 },
};

const WORKER: WorkerRecord = {
  name: 'a:1',
  host: 'a',
  pid: 1,
  version: '0.1.0',
  envelopeVersion: 2,
  types: ['echo'],
  queues: { default: { concurrency: 10, active: 0 } },
  startedAt: 1,
  eventLoopLagMs: 3,
  state: 'running',
  seenAt: 1_000_000,
};

const FACTS: RedisFacts = {
  prefix: 'goflow',
  at: 1_000_000,
  watchMs: 2_000,
  nodes: [NODE],
  cluster: null,
  missingRights: [],
  keys: {
    isComplete: true,
    looked: 100,
    prefixes: [{ prefix: 'goflow', tagged: ['default'], untagged: [] }],
  },
  workers: [WORKER],
  queues: [QUEUE],
  queuesLeftOut: 0,
};

const bad = (facts: Partial<RedisFacts>): Finding[] =>
  diagnose({ ...FACTS, ...facts }, new Map()).filter(({ level }) => level !== 'ok');
const ofNode = (node: Partial<NodeFacts>) => bad({ nodes: [{ ...NODE, ...node }] });
const ofQueue = (queue: Partial<QueueFacts>, facts: Partial<RedisFacts> = {}) =>
  bad({ queues: [{ ...QUEUE, ...queue }], ...facts });
const counts = (waiting: number) => ({ ...QUEUE.counts, waiting });

test('nothing is wrong, and nothing is said to be', () => {
  expect(bad({})).toEqual([]);
});

test.each<[string, Partial<NodeFacts>, Partial<Finding>]>([
  ['too old', { version: '6.0.16' }, { check: 'redis-version', level: 'problem' }],
  ['a low, but sufficient version', { version: '6.2.0' }, {}],
  ['keys thrown away before', { evictedKeys: 7 }, { check: 'eviction', level: 'warning' }],
  [
    'a disk that is full',
    { disk: { ...NODE.disk, isFailing: true } },
    { check: 'persistence', level: 'problem' },
  ],
  [
    'appendfsync no',
    { disk: { ...NODE.disk, appendFsync: 'no' } },
    { check: 'persistence', level: 'warning' },
  ],
  [
    'a service that forbids CONFIG',
    { disk: { ...NODE.disk, appendFsync: undefined, hasSnapshots: undefined } },
    {},
  ],
  [
    'maxmemory above the memory',
    { memory: { used: 1e6, max: 9e9, ofSystem: 8e9 } },
    { check: 'memory', level: 'warning' },
  ],
  [
    'no maxmemory, and hardly any memory left',
    { memory: { used: 7.9e9, max: 0, ofSystem: 8e9 } },
    { check: 'memory', level: 'problem' },
  ],
  [
    'no room for a deployment',
    { clients: { connected: 5_100, max: 10_000 } },
    { check: 'clients', level: 'warning' },
  ],
  ['far away', { roundTripsMs: [1, 60, 70] }, { check: 'latency', level: 'warning' }],
  ['too far away', { roundTripsMs: [900, 1_100, 1_200] }, { check: 'latency', level: 'problem' }],
  ['one late answer', { roundTripsMs: [0.3, 0.3, 700] }, {}],
  ['a clock behind', { skew: { ms: -2_500, doubtMs: 10 } }, { check: 'clock', level: 'warning' }],
  ['a clock that is hard to tell', { skew: { ms: 1_400, doubtMs: 500 } }, {}],
])('a server: %s', (_, node, finding) => {
  const expected =
    'check' in finding ? [{ ...finding, advice: expect.stringMatching(/.{20}/) }] : [];
  expect(ofNode(node)).toMatchObject(expected);
});

test('of several servers the worst is told, with its name', () => {
  const nodes = ['a:1', 'b:1', 'c:1'].map((name) => ({ ...NODE, name }));
  const evicting = nodes.map((node, at) => (at > 0 ? { ...node, evictionPolicy: 'lru' } : node));
  expect(bad({ nodes: evicting })).toMatchObject([
    { check: 'eviction', found: expect.stringMatching(/^b:1, c:1: maxmemory-policy is lru/) },
  ]);
});

test('what is not known is no fault, and nothing breaks', () => {
  const nothing = { used: undefined, max: undefined, ofSystem: undefined };
  const node: NodeFacts = {
    ...NODE,
    version: undefined,
    role: undefined,
    replicas: undefined,
    evictionPolicy: undefined,
    memory: nothing,
    disk: {
      isAppendOnly: undefined,
      hasSnapshots: undefined,
      appendFsync: undefined,
      isFailing: false,
    },
    clients: { connected: undefined, max: undefined },
    roundTripsMs: [],
    skew: undefined,
  };
  const unknown = bad({
    nodes: [node],
    cluster: { state: undefined, slotsOk: undefined },
    missingRights: undefined,
    keys: undefined,
    workers: undefined,
    queues: undefined,
  });
  expect(new Set(unknown.map(({ level }) => level))).toEqual(new Set(['unknown']));
  expect(unknown).toHaveLength(diagnose(FACTS, new Map()).length);
});

test('a Cluster that is down', () => {
  const [finding] = bad({ cluster: { state: 'fail', slotsOk: 10_923 } });
  expect(finding).toMatchObject({ check: 'cluster', level: 'problem' });
});

test('tasks that are due in a queue that no live worker takes from', () => {
  const elsewhere = { ...WORKER, queues: { other: { concurrency: 10, active: 0 } } };
  const facts = { workers: [elsewhere] };
  const told = [{ check: 'queues-without-workers', level: 'problem' }];
  expect(ofQueue({ counts: counts(2) }, facts)).toMatchObject(told);
  expect(ofQueue({ overdue: 1 }, facts)).toMatchObject(told);
  expect(ofQueue({ counts: { ...QUEUE.counts, delayed: 1 } }, facts)).toEqual([]);
  expect(ofQueue({ counts: counts(2) }, { workers: [] })).toMatchObject([{ check: 'workers' }]);
});

test('a concurrency of 0 explains that tasks wait, however long', () => {
  const resting = { ...WORKER, queues: { default: { concurrency: 0, active: 0 } } };
  const waits = { counts: counts(5), isNextSame: true, oldestDueAt: 1 };
  expect(ofQueue(waits, { workers: [resting] })).toMatchObject([
    {
      check: 'queues-paused',
      level: 'warning',
      advice: expect.stringContaining('--queue default'),
    },
  ]);
});

test('the same task is next: no fault where slots are full, where it is new, or where an event loop is blocked', () => {
  const waits = { counts: counts(5), isNextSame: true, oldestDueAt: FACTS.at - 60_000 };
  expect(ofQueue(waits)).toMatchObject([{ check: 'queues-stuck', level: 'problem' }]);
  expect(ofQueue({ ...waits, slotsTaken: 10 })).toEqual([]);
  expect(ofQueue({ ...waits, oldestDueAt: FACTS.at - 5_000 })).toEqual([]);
  const blocked = [{ ...WORKER, eventLoopLagMs: 4_000 }];
  expect(ofQueue(waits, { workers: blocked })).toMatchObject([{ check: 'event-loop' }]);
});

test('what grows and what does not', () => {
  const grows = (waiting: number[]) => ofQueue({ waiting }).map(({ check }) => check);
  expect(grows([0, 100, 200, 300, 400])).toEqual(['queues-growing']);
  expect(grows([1_000, 1_002, 1_003, 1_005, 1_009])).toEqual([]);
  expect(grows([0, 500, 400, 300, 200])).toEqual([]);
  expect(grows([400, 300, 200, 100, 0])).toEqual([]);
});

test('of queues that were not looked at nothing is known', () => {
  const unknown = bad({ queuesLeftOut: 3 });
  expect(unknown).toHaveLength(7);
  expect(unknown[0]?.found).toContain('3 more queues not looked at');
});
