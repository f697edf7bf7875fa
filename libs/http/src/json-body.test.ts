import { Readable } from 'node:stream';
import type { Request } from 'express';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readJson } from './json-body.js';

/** A request with this body. */
const read = (body: string | Buffer, type = 'application/json'): Promise<unknown> => {
  const request = Readable.from([Buffer.from(body)], { objectMode: false });
  return readJson(
    Object.assign(request, { headers: { 'content-type': type } }) as never as Request,
  );
};

test.each([
  '{"concurrency":20}',
  ' {"queues" : {"a":1,"b":2} , "a":[{"x":1},{"x":2}]}\n',
  '{"a":"b:","c":"{\\"a\\":1,\\"a\\":2}","d":"[[[[[[[[[["}',
  '"text: {"',
  'null',
  '[]',
  '{"a":{"a":{"a":1}}}',
  '{"constructor":1,"toString":2}',
  '{"a":"\\\\","b":"\\\\\\"{[","c":"\\\\\\\\" , "d\\"":1}',
  `{"ключ":"${'é'.repeat(1_000)}"}`,
  '{"a":{"b":1},"b":{"a":1,"b":{"b":1}},"c":[{"a":1},{"a":1},[{"a":1}]],"d":1}',
])('%s is read as JSON is', async (text) => {
  await expect(read(text)).resolves.toEqual(JSON.parse(text));
});

test.each([
  ['a key twice', '{"concurrency":1,"concurrency":9}', 'the key "concurrency" is given twice'],
  ['a key twice, once escaped', '{"num":1,"n\\u0075m":9}', 'the key "num" is given twice'],
  ['a key twice, deeper', '{"q":[{"a":1},{"a":1,"a" :2}]}', 'the key "a" is given twice'],
  ['a key twice, around others', '{"a":[{"a":{"a":1}}],"b":{"a":1},"a":1}', 'the key "a" is given'],
  ['a string without an end', '{"a":1,"b', 'JSON'],
  ['a key that is none', '{"\\x":1}', 'JSON'],
  ['brackets that do not pair up', ']]}{"a":1}', 'JSON'],
  ['__proto__', '{"__proto__":{"concurrency":1}}', 'the key "__proto__" is not allowed'],
  ['__proto__, escaped', '{"a":[{"\\u005f_proto__":1}]}', 'the key "__proto__" is not allowed'],
  ['nine levels', '[[[[[[[[[]]]]]]]]]', 'deeper than 8 levels'],
  ['many levels', `${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}`, 'deeper than 8 levels'],
  ['no JSON', '{"a":1', ''],
  ['nothing', '', ''],
  ['16 KiB and a byte', ' '.repeat(16 * 1024 + 1), 'a body has at most 16 KiB'],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'the body is no UTF-8'],
])('%s is refused', async (_what, body, message) => {
  await expect(read(body)).rejects.toThrow(
    expect.objectContaining({
      code: 'REQUEST_INVALID',
      message: expect.stringContaining(message),
    }),
  );
});

/** Reads a body of millions of bytes. */
const readLarge = (text: string): Promise<unknown> => {
  const body = Readable.from([Buffer.from(text)], { objectMode: false });
  const request = Object.assign(body, { headers: {} });
  return readJson(request as never as Request, { maxBytes: 10_000_000 });
};

const keys = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `"k${index}":0`);

test.each([
  ['in one object', `{${keys(100_001).join()}}`],
  [
    'in many',
    `[${keys(100_001)
      .map((key) => `{${key}}`)
      .join()}]`,
  ],
])(
  'more than 100,000 different keys %s are refused before they are parsed',
  async (_where, text) => {
    const parse = vi.spyOn(JSON, 'parse');
    onTestFinished(() => parse.mockRestore());
    await expect(readLarge(text)).rejects.toThrow('more than 100000 different keys');
    expect(parse).not.toHaveBeenCalled();
  },
);

test('half a million keys are read, where they are the same', async () => {
  const text = `[${'{"a":0},'.repeat(500_000)}{${keys(99_999).join()}}]`;
  expect(await readLarge(text)).toHaveLength(500_001);
});

test('a string of millions of characters is read', async () => {
  const text = JSON.stringify({ text: `${'x'.repeat(9_000_000)}\\"` });
  const value = await readLarge(text);
  expect(JSON.stringify(value) === text).toBe(true);
});

test('a character set other than UTF-8 is refused with 415', async () => {
  expect(await read('1', 'application/json; charset=UTF-8')).toBe(1);
  expect(await read('1', 'text/plain; charset="utf8"')).toBe(1);
  await expect(read('1', 'application/json; charset=utf-7')).rejects.toThrow(
    expect.objectContaining({ status: 415 }),
  );
});
