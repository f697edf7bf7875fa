// A server in a process of its own that pushes what it is sent: `node main.js '{"system":"goflow",…}'`, an order of the benchmark.
import type { AddressInfo } from 'node:net';
import { createGateway } from '@goflow/gateway';
import { Queue } from 'bullmq';
import express, { type RequestHandler } from 'express';
import { z } from 'zod';
import { connectionOf, QUEUE } from '../../systems/bullmq-connection.js';
import { logger } from '../../systems/quiet-log.js';
import { PAYLOAD, tasks } from '../../tasks.js';
import { type HttpOrder, type HttpReport, TOKEN } from './http-order.js';

const { system, redis } = JSON.parse(process.argv[2] ?? '{}') as HttpOrder;

/** goflow's gateway with everything on; nobody's rate is limited here. */
async function gateway(): Promise<string> {
  const http = { port: 0, pushToken: TOKEN };
  const server = createGateway({ tasks, redis, http, rateLimit: 1_000_000, logger });
  await server.start();
  return server.url ?? '';
}

/** What one would write without goflow: the body is parsed and checked, the job is added, and nothing else. */
async function plain(push: (payload: z.output<typeof PAYLOAD>) => Promise<object>) {
  const body = z.object({ payload: PAYLOAD });
  const handle: RequestHandler = async (request, response) => {
    const { payload } = body.parse(request.body);
    response.status(201).json(await push(payload));
  };
  const app = express().use(express.json()).post('/tasks/tiny', handle);
  return new Promise<string>((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });
}

async function start(): Promise<string> {
  if (system === 'goflow') return gateway();
  if (system === 'check only') return plain(async () => ({ id: 'none' }));
  const queue = new Queue(QUEUE, { connection: connectionOf(redis) });
  await queue.waitUntilReady();
  return plain(async (payload) => {
    const { id } = await queue.add('tiny', payload);
    return { id };
  });
}

process.on('disconnect', () => process.exit());
process.send?.({ url: await start() } satisfies HttpReport);
