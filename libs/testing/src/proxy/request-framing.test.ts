import { expect, test } from 'vitest';
import { encoded } from './raw-client.js';
import { type FramedRequest, RequestFraming } from './request-framing.js';

const REQUESTS = [['PING'], ['SET', 'key', 'a\r\n*1\r\nb'], ['GET', ''], ['ECHO', '\xff\x00']];
const WIRE = Buffer.from(REQUESTS.map(encoded).join(''), 'latin1');

function framed(chunks: readonly Buffer[]): readonly FramedRequest[] {
  const framing = new RequestFraming();
  return chunks.flatMap((chunk) => framing.push(chunk));
}

test('finds the same requests wherever the stream is cut', () => {
  for (let at = 0; at <= WIRE.length; at += 1) {
    const found = framed([WIRE.subarray(0, at), WIRE.subarray(at)]);
    expect(found.map(({ args }) => args)).toEqual(REQUESTS);
    expect(Buffer.concat(found.map(({ bytes }) => bytes))).toEqual(WIRE);
  }
  const single = framed(Array.from(WIRE, (byte) => Buffer.from([byte])));
  expect(single.map(({ args }) => args)).toEqual(REQUESTS);
});

test('puts a long request together in a time that grows with its length only', () => {
  const long = encoded(['SET', 'key', 'x'.repeat(32 * 1024 * 1024)]);
  const wire = Buffer.from(long, 'latin1');
  const chunks = [];
  for (let at = 0; at < wire.length; at += 16_384) chunks.push(wire.subarray(at, at + 16_384));
  const [request, ...others] = framed(chunks);
  expect(request?.bytes.equals(wire)).toBe(true);
  expect(others).toEqual([]);
});

test.each(['PING\r\n', '\x16\x03\x01', '*x\r\n', '*1\r\n:1\r\n', '*-1\r\n', `*${'1'.repeat(30)}`])(
  'passes on what is no RESP as it comes: %j',
  (text) => {
    const framing = new RequestFraming();
    framing.push(Buffer.from(encoded(['PING'])));
    expect(framing.push(Buffer.from(text))).toEqual([
      { bytes: Buffer.from(text), args: undefined },
    ]);
    expect(framing.push(WIRE)).toEqual([{ bytes: WIRE, args: undefined }]);
  },
);
