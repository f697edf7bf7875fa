import { expect, test } from 'vitest';
import { CappedOutput } from './capped-output.js';

/** What is kept of bytes that come in chunks of one size. */
function keep(bytes: Uint8Array, limit: number, chunk = 1): CappedOutput {
  const output = new CappedOutput(limit);
  for (let at = 0; at < bytes.length; at += chunk)
    output.add(Buffer.from(bytes.subarray(at, at + chunk)));
  return output;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

test.each([1, 2, 3, 4, 5])('characters that come in pieces of %i bytes are whole', (chunk) => {
  expect(keep(utf8('aé€😀\ufeffz'), 100, chunk).text()).toBe('aé€😀\ufeffz');
});

test('bytes that are no UTF-8 are replaced, one by one', () => {
  expect(keep(new Uint8Array([0x61, 0xff, 0xc3, 0x28, 0xf0, 0x9f]), 100).text()).toBe(
    'a\ufffd\ufffd(\ufffd',
  );
});

test.each([
  ['at the limit nothing is cut', 'abcd', 4, 'abcd'],
  ['over it the rest is cut', 'abcde', 4, 'abcd\n[goflow: cut after 4 of 5 bytes]'],
  ['no character is cut in two', 'aé€', 5, 'aé\n[goflow: cut after 3 of 6 bytes]'],
  ['nor one of four bytes', 'a😀b', 4, 'a\n[goflow: cut after 1 of 6 bytes]'],
  ['one that just fits stays', '😀b', 4, '😀\n[goflow: cut after 4 of 5 bytes]'],
  ['nothing may be kept', 'ab', 0, '\n[goflow: cut after 0 of 2 bytes]'],
])('%s', (_what, ...given) => {
  const [text, limit, kept] = given;
  for (const chunk of [1, 3, 100]) {
    const output = keep(utf8(text), limit, chunk);
    expect(output.text()).toBe(kept);
    expect(output.isCut).toBe(kept.includes('cut'));
  }
});

test('where all is no UTF-8, the cut still ends', () => {
  const output = keep(new Uint8Array(10).fill(0x80), 5, 4);
  expect(output.text()).toBe(`${'\ufffd'.repeat(5)}\n[goflow: cut after 5 of 10 bytes]`);
});

test('what came is copied: nothing holds on to the chunks', () => {
  const output = new CappedOutput(5_000);
  const chunk = Buffer.alloc(1_000, 'a');
  for (let times = 0; times < 6; times += 1) output.add(chunk);
  chunk.fill('b');
  expect(output.text()).toBe(`${'a'.repeat(5_000)}\n[goflow: cut after 5000 of 6000 bytes]`);
});
