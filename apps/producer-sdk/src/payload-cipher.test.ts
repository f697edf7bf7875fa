import { randomBytes } from 'node:crypto';
import { Cipher, SILENT_LOGGER, type TaskEnvelope, type WorkerRecord } from '@goflow/shared';
import { afterEach, expect, test, vi } from 'vitest';
import { Opener } from './opener.js';
import { PayloadCipher } from './payload-cipher.js';

const cipher = new Cipher({
  keys: new Map([['k', randomBytes(32)]]),
  current: 'k',
  required: false,
});
const opener = new Opener(cipher);
const OLD = { name: 'old', types: ['a'] } as unknown as WorkerRecord;
const YOUNG = { ...OLD, name: 'young', envelopeVersion: 2 };
const OTHER = { ...OLD, name: 'other', types: ['b'] };

const envelopeOf = (given: Partial<TaskEnvelope> = {}): TaskEnvelope => ({
  id: 'default:1',
  queue: 'default',
  type: 'a',
  payloadJson: '{"n":1}',
  pushedAt: 0,
  ...given,
});

function open(answers: readonly (readonly WorkerRecord[] | Error)[] = [[]]) {
  const warned: unknown[] = [];
  let asked = 0;
  const workers = async (): Promise<readonly WorkerRecord[]> => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const logger = { ...SILENT_LOGGER, warn: (fields: object) => void warned.push(fields) };
  const payloads = new PayloadCipher({ cipher, workers, logger });
  const push = async (given?: Partial<TaskEnvelope>): Promise<TaskEnvelope> => {
    const envelope = payloads.envelope(envelopeOf(given));
    await vi.waitFor(() => Promise.resolve());
    return envelope;
  };
  return { push, warned, asked: () => asked };
}

afterEach(() => {
  vi.useRealTimers();
});

test('a payload is encrypted for its task, and its envelope says so', async () => {
  const { push } = open();
  const envelope = await push();
  expect(envelope).toMatchObject({ envelopeVersion: 2, id: 'default:1', pushedAt: 0 });
  const stored = { ...envelope, payload: JSON.parse(envelope.payloadJson) };
  expect(opener.payload(stored)).toEqual({ n: 1 });
  expect(() => opener.payload({ ...stored, id: 'default:2' })).toThrow(
    expect.objectContaining({ code: 'ENVELOPE_UNREADABLE' }),
  );
});

test.each([
  ['debounce', true],
  ['throttle', false],
  ['unique', false],
] as const)(
  '%s: whether it may become the payload of another task of its type',
  async (mode, may) => {
    const { push } = open();
    const envelope = await push({ deduplication: { mode, key: 'k', windowMs: 1 } });
    const payload: unknown = JSON.parse(envelope.payloadJson);
    const read = () => opener.payload({ ...envelope, payload, id: 'default:2' });
    if (may) expect(read()).toEqual({ n: 1 });
    else expect(read).toThrow();
  },
);

test('it looks for older workers once a minute, until it has told of one', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { push, warned, asked } = open([[YOUNG, OTHER], new Error('away'), [OLD, YOUNG]]);
  for (let times = 0; times < 3; times += 1) await push();
  expect(asked()).toBe(1);
  for (const looks of [2, 3, 3]) {
    vi.advanceTimersByTime(60_000);
    await push();
    await push();
    expect(asked()).toBe(looks);
  }
  expect(warned).toEqual([{ taskType: 'a', workers: ['old'], count: 1 }]);
});
