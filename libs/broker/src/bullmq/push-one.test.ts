import { type TaskEnvelope, taskIdOfKey } from '@goflow/shared';
import { expect, onTestFinished, test } from 'vitest';
import { envelopeOf, openPlace, uniqueIn } from './place.test-d.js';
import { ProducerQueues } from './producer-queues.js';
import { isSpecial, pushOne, toPushed, uniqueOf } from './push-one.js';

const UNIQUE = { key: 'k', mode: 'unique', windowMs: 0 } as const;
const DEBOUNCE = { key: 'k', mode: 'debounce', windowMs: 60_000 } as const;
/** The score of a delayed task: BullMQ counts up to 4,096 tasks into each millisecond. */
const PER_MS = 0x1000;

async function open() {
  const { redis, prefix, key } = openPlace();
  await redis.ping();
  const queues = new ProducerQueues({ redis, prefix, onError: () => undefined });
  onTestFinished(() => queues.close());
  const ports = { redis, prefix, backend: await queues.open('default') };
  let pushes = 0;
  const push = (given: Partial<TaskEnvelope> = {}, nonce = `me:${++pushes}`) =>
    pushOne(envelopeOf(given), nonce, ports);
  const jobOf = (id: string) => redis.hgetall(key(uniqueIn(id)));
  const waiting = () => redis.lrange(key('wait'), 0, -1);
  return { redis, key, push, jobOf, waiting };
}

/** Of a push with a debounce, made so many milliseconds after the first. */
const debounced = (payloadJson: string, afterMs = 0, windowMs = 60_000) => ({
  payloadJson,
  pushedAt: 1_800_000_000_000 + afterMs,
  delayMs: windowMs,
  deduplication: { ...DEBOUNCE, windowMs },
});

test('a task is in its queue, with its type, payload and time', async () => {
  const { push, jobOf, waiting } = await open();
  const pushed = await push({ payloadJson: '{"a":1}', priority: 0 });
  expect(pushed).toEqual({ id: expect.any(String), deduplicated: false });
  expect(await waiting()).toEqual([uniqueIn(pushed.id)]);
  expect(await jobOf(pushed.id)).toMatchObject({
    name: 'repeater',
    data: '{"a":1}',
    timestamp: '1800000000000',
  });
});

test('a push that is repeated, because its answer was lost, is one task', async () => {
  const { push, waiting } = await open();
  const envelope = envelopeOf();
  for (let time = 0; time < 3; time += 1)
    expect(await push(envelope)).toEqual({ id: envelope.id, deduplicated: false });
  expect(await waiting()).toHaveLength(1);
});

test('its tags are entered before it is there', async () => {
  const { push, redis, key } = await open();
  const { id } = await push({ tags: ['eu', 'new'] });
  for (const tag of ['eu', 'new'])
    expect(await redis.zrange(key(`tag:${tag}`), '0', '-1')).toEqual([uniqueIn(id)]);
});

test('a key stands for one task of its type', async () => {
  const { push, waiting } = await open();
  const first = await push({ deduplication: UNIQUE });
  expect(await push({ deduplication: UNIQUE })).toEqual({ id: first.id, deduplicated: true });
  expect(await push({ deduplication: { ...UNIQUE, key: 'other' } })).toMatchObject({
    deduplicated: false,
  });
  expect(await push({ deduplication: UNIQUE, type: 'other' })).toMatchObject({
    deduplicated: false,
  });
  expect(await waiting()).toHaveLength(3);
});

test('a throttle stands for its window, which Redis ends', async () => {
  const { push, redis, key } = await open();
  const deduplication = { key: 'k', mode: 'throttle', windowMs: 60_000 } as const;
  const first = await push({ deduplication });
  expect(await push({ deduplication })).toEqual({ id: first.id, deduplicated: true });
  const leftMs = await redis.pttl(key('de:repeater:k'));
  expect(leftMs).toBeGreaterThan(30_000);
  expect(leftMs).toBeLessThanOrEqual(60_000);
});

test('which task it is that is there, BullMQ says', () => {
  const envelope = envelopeOf();
  const unique = uniqueIn(envelope.id);
  expect(toPushed(envelope, unique)).toEqual({ id: envelope.id, deduplicated: false });
  expect(toPushed(envelope, 'another')).toEqual({ id: 'default:another', deduplicated: true });
});

test('only what takes more than one command is special', () => {
  const throttle = { key: 'k', mode: 'throttle', windowMs: 5 } as const;
  for (const plain of [{}, { tags: ['a'] }, { deduplication: UNIQUE }, { deduplication: throttle }])
    expect(isSpecial(envelopeOf(plain))).toBe(false);
  for (const special of [{ isOwnId: true as const }, { deduplication: DEBOUNCE }])
    expect(isSpecial(envelopeOf(special))).toBe(true);
});

test('what is no id of a task is a fault of goflow’s own', () => {
  for (const id of ['', 'x', 'default:wait'])
    expect(() => uniqueOf(id)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
});

const OWN = { id: taskIdOfKey('default', 'order 4711'), isOwnId: true } as const;

test('an id of the caller’s own: a repeat of the same push is that push, another push is the same task', async () => {
  const { push, waiting } = await open();
  expect(await push(OWN, 'n1')).toEqual({ id: OWN.id, deduplicated: false });
  expect(await push(OWN, 'n1')).toEqual({ id: OWN.id, deduplicated: false });
  expect(await push(OWN, 'n2')).toEqual({ id: OWN.id, deduplicated: true });
  expect(await waiting()).toEqual([uniqueIn(OWN.id)]);
});

test('of many pushes of one id at once one is the first', async () => {
  const { push } = await open();
  const nonces = Array.from({ length: 50 }, (_, at) => `n${at}`);
  const answers = await Promise.all(nonces.map((nonce) => push(OWN, nonce)));
  expect(answers.filter(({ deduplicated }) => !deduplicated)).toHaveLength(1);
});

test('the order of an object’s keys makes no other payload; anything else does, and is refused', async () => {
  const { push, jobOf } = await open();
  await push({ ...OWN, payloadJson: '{"a":1,"b":[{"c":2,"d":3}]}' }, 'n1');
  const turned = { ...OWN, payloadJson: '{"b":[{"d":3,"c":2}],"a":1}' };
  expect(await push(turned, 'n2')).toEqual({ id: OWN.id, deduplicated: true });
  for (const payloadJson of ['{"a":1}', '{"a":1,"b":[{"c":2,"d":"3"}]}', 'null', '"x"'])
    await expect(push({ ...OWN, payloadJson }, 'n3')).rejects.toMatchObject({
      code: 'TASK_ID_TAKEN',
      details: { id: OWN.id },
    });
  await expect(push({ ...turned, type: 'other' }, 'n4')).rejects.toMatchObject({
    code: 'TASK_ID_TAKEN',
  });
  expect(await jobOf(OWN.id)).toMatchObject({ data: '{"a":1,"b":[{"c":2,"d":3}]}' });
});

test('a payload that somebody broke in Redis is another one, not an error of another kind', async () => {
  const { push, redis, key } = await open();
  await push(OWN, 'n1');
  await redis.hset(key(uniqueIn(OWN.id)), 'data', '{broken');
  await expect(push(OWN, 'n2')).rejects.toMatchObject({ code: 'TASK_ID_TAKEN' });
});

test('debounce: the task that waits gets the last payload, and its full wait again', async () => {
  const { push, redis, key, jobOf, waiting } = await open();
  const first = await push(debounced('1'));
  expect(first.deduplicated).toBe(false);
  expect(await push(debounced('2', 10_000))).toEqual({ id: first.id, deduplicated: true });
  const last = debounced('3', 20_000, 90_000);
  expect(await push(last)).toEqual({ id: first.id, deduplicated: true });
  expect(await jobOf(first.id)).toMatchObject({ data: '3', delay: '90000' });
  const due = Number(await redis.zscore(key('delayed'), uniqueIn(first.id))) / PER_MS;
  expect(Math.floor(due)).toBe(last.pushedAt + 90_000);
  expect(await redis.zcard(key('delayed'))).toBe(1);
  expect(await waiting()).toEqual([]);
  expect(await redis.pttl(key('de:repeater:k'))).toBeGreaterThan(60_000);
});

test('debounce: types and keys do not get in each other’s way', async () => {
  const { push } = await open();
  const pushes = [
    debounced('1'),
    { ...debounced('2'), type: 'other' },
    { ...debounced('3'), deduplication: { ...DEBOUNCE, key: 'other' } },
  ];
  for (const one of pushes) expect((await push(one)).deduplicated).toBe(false);
});

test('debounce: one that has begun, or is due, is left alone; its key is free for a new one', async () => {
  const { push, redis, key, jobOf } = await open();
  const first = await push(debounced('1'));
  // As a worker takes it out of the set of those that wait for their time.
  await redis.zrem(key('delayed'), uniqueIn(first.id));
  const second = await push(debounced('2', 10_000));
  expect(second).toMatchObject({ deduplicated: false });
  expect(second.id).not.toBe(first.id);
  expect(await jobOf(first.id)).toMatchObject({ data: '1' });
  expect(await push(debounced('3', 20_000))).toEqual({ id: second.id, deduplicated: true });
});

test('debounce: many at once are one task, with the payload of the last', async () => {
  const { push, redis, key, jobOf } = await open();
  const pushes = Array.from({ length: 50 }, (_, at) => push(debounced(`${at}`, at)));
  const answers = await Promise.all(pushes);
  const ids = new Set(answers.map(({ id }) => id));
  expect(ids.size).toBe(1);
  expect(answers.filter(({ deduplicated }) => !deduplicated)).toHaveLength(1);
  expect(await redis.zcard(key('delayed'))).toBe(1);
  expect(await jobOf([...ids][0] ?? '')).toMatchObject({ data: '49' });
});

test('debounce: a push that was overtaken on its way does not bring its older payload back', async () => {
  const { push, redis, key, jobOf } = await open();
  const { id } = await push(debounced('1'), 'me:9');
  expect(await push(debounced('before the first', 5), 'me:8')).toEqual({ id, deduplicated: true });
  expect(await jobOf(id)).toMatchObject({ data: '1' });
  await push(debounced('3', 20), 'me:11');
  expect(await push(debounced('2', 10), 'me:10')).toEqual({ id, deduplicated: true });
  expect(await jobOf(id)).toMatchObject({ data: '3' });
  await push(debounced('4', 30, 5_000), 'me:12');
  await push(debounced('a shorter wait, and older', 40, 1_000), 'me:10');
  expect(await jobOf(id)).toMatchObject({ data: '4', delay: '5000' });
  const due = (1_800_000_000_000 + 30 + 5_000) * PER_MS;
  expect(await redis.zscore(key('delayed'), uniqueIn(id))).toBe(`${due}`);
});

test('debounce: of several clients the last to come wins, whatever their clocks and counters say', async () => {
  const { push, jobOf } = await open();
  const { id } = await push(debounced('1', 3_600_000), 'ahead:100');
  expect(await push(debounced('2'), 'behind:1')).toEqual({ id, deduplicated: true });
  expect(await jobOf(id)).toMatchObject({ data: '2' });
  await push(debounced('3', 3_600_000), 'ahead:101');
  await push(debounced('4', 1), 'ahead:102');
  expect(await jobOf(id)).toMatchObject({ data: '4' });
});

test('debounce: the mark of a push is changed in place; one of another release has none', async () => {
  const { push, redis, key, jobOf } = await open();
  const { id } = await push({ ...debounced('1'), tags: ['{"n":"x:9"}'] }, 'me:1');
  await push(debounced('2', 1), 'me:2');
  const { opts = '' } = await jobOf(id);
  expect(JSON.parse(opts)).toMatchObject({ n: 'me:2', tags: ['{"n":"x:9"}'] });
  const { n: _mark, ...unmarked } = JSON.parse(opts);
  await redis.hset(key(uniqueIn(id)), 'opts', JSON.stringify(unmarked));
  await push(debounced('3', 2), 'me:1');
  const { data, opts: marked = '' } = await jobOf(id);
  expect(data).toBe('3');
  expect(JSON.parse(marked)).toEqual({ ...unmarked, n: 'me:1' });
});

test('debounce: a push that is repeated, because its answer was lost, is one task', async () => {
  const { push, redis, key } = await open();
  const envelope = envelopeOf(debounced('1'));
  const answers = [await push(envelope), await push(envelope)];
  expect(answers.map(({ id }) => id)).toEqual([envelope.id, envelope.id]);
  expect(answers.map(({ deduplicated }) => deduplicated)).toEqual([false, false]);
  expect(await redis.zcard(key('delayed'))).toBe(1);
});
