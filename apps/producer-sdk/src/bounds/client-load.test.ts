import { expect, test } from 'vitest';
import { ClientLoad } from './client-load.js';

const MIB = 1024 * 1024;
const OVERLOADED = expect.objectContaining({ code: 'CLIENT_OVERLOADED', retryable: true });

test('one push more than may be under way is refused, and one that ended makes room', () => {
  const load = new ClientLoad(2);
  load.begin(1);
  load.begin(1);
  expect(() => load.begin(1)).toThrow(OVERLOADED);
  load.end(1);
  load.begin(1);
});

test('many that are more than all that is allowed get in, and leave others their half', () => {
  const load = new ClientLoad(100);
  const count = load.countOfMany(1_000_000);
  expect(count).toBe(50);
  load.begin(count);
  for (let at = 0; at < 50; at += 1) load.begin(1);
  expect(() => load.begin(1)).toThrow(OVERLOADED);
  expect(load.countOfMany(3)).toBe(3);
  // Even where one is all that is allowed.
  const narrow = new ClientLoad(1);
  narrow.begin(narrow.countOfMany(500));
});

test('bytes of payloads are bounded, too: 256 MiB, or a quarter of the memory of this process', () => {
  const load = new ClientLoad(1_000_000);
  const held: number[] = [];
  for (let mib = 0; mib < 257; mib += 1) held.push(load.hold(MIB));
  expect(() => load.begin(1)).toThrow(OVERLOADED);
  for (const one of held) load.release(one);
  load.begin(1);
});

test('however large one is, it alone is no overload', () => {
  const load = new ClientLoad(10);
  const held = load.hold(1024 * MIB);
  load.begin(1);
  load.release(held);
});

test('pushes of which there is no JSON yet are 10,000 at most, those of a pushMany half of them', () => {
  const load = new ClientLoad(1_000_000);
  const endMany = load.unsealed(1_000_000);
  for (let at = 0; at < 5_000; at += 1) load.unsealed(1);
  expect(() => load.unsealed(1)).toThrow(OVERLOADED);
  endMany();
  endMany();
  load.unsealed(5_000);
  expect(() => load.unsealed(1)).toThrow(OVERLOADED);
});

test('a pushMany is refused for what others hold, not for what it holds itself', () => {
  const load = new ClientLoad(10);
  let held = 0;
  for (let mib = 0; mib < 1_024; mib += 1) held = load.holdMore(held, MIB);
  load.checkBytes();
  const others = load.hold(1024 * MIB);
  expect(() => load.checkBytes()).toThrow(OVERLOADED);
  held = load.holdMore(held, MIB);
  const more = load.hold(1024 * MIB);
  expect(() => load.holdMore(held, MIB)).toThrow(OVERLOADED);
  for (const one of [held, others, more]) load.release(one);
  load.checkBytes();
});
