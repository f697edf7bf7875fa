import { expect, test } from 'vitest';
import { ReplyScan } from './reply-scan.js';

/** One of each kind, and what lies within each other. */
const REPLIES = [
  '+OK\r\n',
  '-ERR no\r\n',
  ':-12\r\n',
  '$5\r\na\r\nb\n\r\n',
  '$0\r\n\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '*0\r\n',
  '*2\r\n*2\r\n:1\r\n$1\r\na\r\n*0\r\n',
  '_\r\n',
  '#t\r\n',
  ',1.5\r\n',
  ',inf\r\n',
  '(3492890328409238509324850943850943825024385\r\n',
  '!5\r\nERR x\r\n',
  '=7\r\ntxt:abc\r\n',
  '%2\r\n$1\r\na\r\n*1\r\n:1\r\n+b\r\n%0\r\n',
  '~2\r\n:1\r\n:2\r\n',
  '|1\r\n+ttl\r\n:60\r\n*1\r\n$1\r\nv\r\n',
];
const PUSH = '>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n';

interface Reply {
  readonly text: string;
  readonly isPush: boolean;
}

function scanned(chunks: readonly string[]): readonly Reply[] {
  const scan = new ReplyScan();
  const replies: Reply[] = [];
  let text = '';
  for (const part of chunks.flatMap((chunk) => scan.push(Buffer.from(chunk, 'latin1')))) {
    text += part.bytes.toString('latin1');
    if (!part.ends) continue;
    replies.push({ text, isPush: part.isPush });
    text = '';
  }
  expect(text).toBe('');
  expect(scan.isResp).toBe(true);
  return replies;
}

test('finds the same replies wherever the stream is cut, and tells push messages apart', () => {
  const all = REPLIES.flatMap((reply) => [reply, PUSH]);
  const expected = all.map((text) => ({ text, isPush: text === PUSH }));
  const wire = all.join('');
  for (let at = 0; at <= wire.length; at += 1)
    expect(scanned([wire.slice(0, at), wire.slice(at)])).toEqual(expected);
  expect(scanned(wire.split(''))).toEqual(expected);
});

test('an unfinished reply is passed on in parts', () => {
  const scan = new ReplyScan();
  const parts = ['$5\r\nab', 'cde', '\r\n+O'].map((chunk) => scan.push(Buffer.from(chunk)));
  expect(parts).toEqual([
    [{ bytes: Buffer.from('$5\r\nab'), isPush: false, ends: false }],
    [{ bytes: Buffer.from('cde'), isPush: false, ends: false }],
    [
      { bytes: Buffer.from('\r\n'), isPush: false, ends: true },
      { bytes: Buffer.from('+O'), isPush: false, ends: false },
    ],
  ]);
});

test.each(['HTTP/1.1 200 OK\r\n', '$x\r\n', '\x15\x03\x03\n'])('gives up on %j', (text) => {
  const scan = new ReplyScan();
  expect(scan.push(Buffer.from(text))).toHaveLength(1);
  expect(scan.isResp).toBe(false);
});
