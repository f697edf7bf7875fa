import { fileURLToPath } from 'node:url';
import { startProgram } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { newPlace } from '../support/redis.js';

const file = fileURLToPath(new URL('waiting-client.mjs', import.meta.url));

// 300 MB of JSON in a program that may use 96 MB.
test.each(['room', 'handler', 'middleware', 'schema', 'compression'])(
  'pushes that wait for the %s are held to the same memory as those that are sent',
  async (waitsFor) => {
    const { redis, prefix } = newPlace();
    const env = { NODE_OPTIONS: '--max-old-space-size=96' };
    const program = startProgram(file, [redis, prefix, waitsFor], { env });
    onTestFinished(() => program[Symbol.asyncDispose]());
    expect(await program.exited, program.stderr).toEqual({ code: 0, signal: null });
    const codes = JSON.parse(program.stdout.trim()) as Readonly<Record<string, number>>;
    expect(codes.CLIENT_OVERLOADED).toBeGreaterThan(1_000);
    expect(Object.values(codes).reduce((sum, count) => sum + count, 0)).toBe(2_000);
  },
);
