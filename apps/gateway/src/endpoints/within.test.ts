import { EventEmitter } from 'node:events';
import { until } from '@goflow/testing';
import type { Response } from 'express';
import { expect, test } from 'vitest';
import { endOf } from './within.js';

const open = () => new EventEmitter() as EventEmitter & Response;

test('it ends when its time is over', async () => {
  const response = open();
  const end = endOf(response, 10);
  await until(() => end.aborted, { what: 'the end' });
  response.emit('close');
});

test('it ends when nobody waits for the answer any more', () => {
  const response = open();
  const end = endOf(response, '60s');
  expect(end.aborted).toBe(false);
  response.emit('close');
  expect(end.aborted).toBe(true);
});

test.each(['61s', 0, 'soon', null, {}])('%j is refused', (within) => {
  expect(() => endOf(open(), within)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
});
