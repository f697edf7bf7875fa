const FIXED_STRING = { from: 0xa0, to: 0xbf, mask: 0x1f };
const FIXED_LIST = { from: 0x90, to: 0x9f, mask: 0x0f };
const STRING_8 = 0xd9;
const STRING_16 = 0xda;
const STRING_32 = 0xdb;
const LIST_16 = 0xdc;
const LIST_32 = 0xdd;

/**
 * Reads a list of strings that `cmsgpack.pack` has packed. A job's hash comes packed because ioredis takes twenty times as long for a
 * list of twenty short strings as for one string of their length.
 *
 * @throws Error for anything else
 */
export function unpackStrings(packed: Buffer): string[] {
  const reader = { packed, at: 0 };
  const strings: string[] = [];
  for (let left = listLength(reader); left > 0; left -= 1) {
    const end = stringLength(reader) + reader.at;
    strings.push(packed.toString('utf8', reader.at, end));
    reader.at = end;
  }
  if (reader.at !== packed.length) throw unreadable();
  return strings;
}

interface Reader {
  readonly packed: Buffer;
  at: number;
}

function listLength(reader: Reader): number {
  const head = number(reader, 1);
  if (head >= FIXED_LIST.from && head <= FIXED_LIST.to) return head & FIXED_LIST.mask;
  if (head === LIST_16) return number(reader, 2);
  if (head === LIST_32) return number(reader, 4);
  throw unreadable();
}

function stringLength(reader: Reader): number {
  const head = number(reader, 1);
  if (head >= FIXED_STRING.from && head <= FIXED_STRING.to) return head & FIXED_STRING.mask;
  if (head === STRING_8) return number(reader, 1);
  if (head === STRING_16) return number(reader, 2);
  if (head === STRING_32) return number(reader, 4);
  throw unreadable();
}

function number(reader: Reader, bytes: 1 | 2 | 4): number {
  const value = reader.packed.readUIntBE(reader.at, bytes);
  reader.at += bytes;
  return value;
}

const unreadable = (): Error =>
  new Error('the job in the answer is not packed as a list of strings');
