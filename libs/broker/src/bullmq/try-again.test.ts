import { expect, test } from 'vitest';
import { tryAgain } from './try-again.js';

const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' });
const oom = reply('OOM command not allowed');

/** What a command answers, one after the other; and when it was asked. */
function open(...answers: (string | Error)[]) {
  const start = performance.now();
  const askedAt: number[] = [];
  const troubles: unknown[] = [];
  const closing = new AbortController();
  const command = async (): Promise<string> => {
    askedAt.push(performance.now() - start);
    const answer = answers.shift() ?? oom;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const patience = { signal: closing.signal, report: (error: unknown) => troubles.push(error) };
  return { command, patience, askedAt, troubles, closing };
}

test('a command that is refused for now is made again until it succeeds, at pauses that grow', async () => {
  const { command, patience, askedAt, troubles } = open(oom, oom, 'done');
  expect(await tryAgain(oom, command, patience)).toBe('done');
  expect(troubles).toEqual([oom, oom, oom]);
  const pauses = askedAt.map((at, index) => at - (askedAt[index - 1] ?? 0));
  // Half of each by chance; timers may be a little early.
  for (const [index, least] of [50, 100, 200].entries())
    expect(pauses[index]).toBeGreaterThan(least - 3);
});

test.each([reply('ERR unknown command'), new Error('Connection is closed'), new TypeError('bug')])(
  'any other error is thrown at once: %s',
  async (error) => {
    const { command, patience, askedAt, troubles } = open();
    await expect(tryAgain(error, command, patience)).rejects.toBe(error);
    expect([askedAt, troubles]).toEqual([[], []]);
  },
);

test('so is one that comes instead of the first', async () => {
  const wrong = reply('ERR wrong');
  const { command, patience } = open(wrong);
  await expect(tryAgain(oom, command, patience)).rejects.toBe(wrong);
});

test('a consumer that closes ends the waiting with the last error', async () => {
  const { command, patience, closing, askedAt } = open();
  const answer = tryAgain(oom, command, patience);
  closing.abort();
  await expect(answer).rejects.toBe(oom);
  // The pause ends at once, and with one more try.
  expect(askedAt).toHaveLength(1);
  await expect(tryAgain(oom, command, patience)).rejects.toBe(oom);
  expect(askedAt).toHaveLength(1);
});

test('where there is an answer instead, nothing is tried', async () => {
  const { command, patience, askedAt } = open();
  expect(await tryAgain(oom, command, { ...patience, instead: () => 'instead' })).toBe('instead');
  expect(askedAt).toEqual([]);
});
