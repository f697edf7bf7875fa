import { defineTasks } from '@goflow/sdk';
import { createLogger } from '@goflow/telemetry/logger';
import { until } from '@goflow/testing';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { startGateway } from '../gateway/gateway.js';
import { makeWorker, openClient } from '../support/system.js';

const SECRET = 'canary-e27f';

/** Schemas of valibot quote the value that they refuse. */
const tasks = defineTasks({
  charge: {
    payload: v.object({ card: v.object({ number: v.number() }) }),
    result: z.null(),
    redact: ['card.number'],
  },
});
/** What a client of another release pushes with. */
const loose = defineTasks({ charge: { payload: z.any(), result: z.any() } });
const bad = { card: { number: SECRET as never } };

const HIDDEN = 'card.number: Invalid value: [redacted]';

test('a value that is redacted is quoted by nobody who refuses it: client, gateway, worker', async () => {
  const { ask, goflow, place } = await startGateway({ tasks });
  const written: string[] = [];
  const logger = createLogger({ destination: { write: (line) => void written.push(line) } });
  const worker = makeWorker({ tasks, handlers: { charge: () => null }, logger }, place);
  await worker.start();

  const refused = (error: Error) => `${error.stack}${JSON.stringify(error)}`;
  const pushed = await goflow.push('charge', bad).then(String, refused);
  const many = await goflow.pushMany('charge', [bad], { chunk: 2 }).then(String, refused);
  const posted = await ask('/tasks/charge', { body: { payload: bad } });
  const bulk = await ask('/tasks/charge/bulk', { body: { payloads: [bad] } });
  const id = await openClient(loose, place).push('charge', bad);
  await until(async () => (await goflow.getResult(id)).status === 'failed', { what: 'it failed' });
  const shown = [
    await goflow.getResult(id),
    await goflow.status(id),
    await goflow.wait(id as never).catch((error: Error) => [String(error), error]),
    (await ask('/dead-letters/groups')).json,
    (await ask('/dead-letters')).json,
    (await ask(`/tasks/${encodeURIComponent(id)}`)).json,
    (await ask(`/tasks/${encodeURIComponent(id)}/result`)).json,
  ].map((one) => JSON.stringify(one));
  for (const one of [pushed, many, posted.text, bulk.text, ...shown])
    expect(one).toContain('[redacted]');
  expect([pushed, many, posted.text, bulk.text, ...shown, ...written].join('\n')).not.toContain(
    SECRET,
  );
  expect(posted.json).toMatchObject({ detail: expect.stringContaining(HIDDEN) });
});

test('what a handler logs of its payload is redacted where it is kept and shown', async () => {
  const { ask, goflow, place } = await startGateway({ tasks: loose });
  const strict = defineTasks({
    charge: { payload: z.any(), result: z.any(), redact: ['card.number'] },
  });
  const worker = makeWorker(
    {
      tasks: strict,
      handlers: {
        charge: (payload, { log }) => {
          log.info({ payload }, 'charging');
          log.info(payload as object);
          return null;
        },
      },
    },
    place,
  );
  await worker.start();
  const id = await goflow.push('charge', { card: { number: SECRET, of: 'ann' } });
  await goflow.wait(id);
  const status = await goflow.status(id);
  const card = { number: '[redacted]', of: 'ann' };
  expect(status).toMatchObject({ log: [{ fields: { payload: { card } } }, { fields: { card } }] });
  const { log } = (await ask(`/tasks/${encodeURIComponent(id)}`)).json as { log: object };
  expect(JSON.stringify(log)).not.toContain(SECRET);
});
