import { connect } from 'node:net';
import { defineTasks } from '@goflow/sdk';
import { METRICS, type MetricEntry } from '@goflow/telemetry';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ask, expectProblem } from '../support/http.js';
import { valueIn } from '../support/metrics.js';
import { startGateway, TOKENS } from './gateway.js';

const tasks = defineTasks({ a: { payload: z.string(), result: z.string() } });

test('requests are counted by method, pattern and status, and never by what is asked', async () => {
  const { ask: asked, gateway, url } = await startGateway({ tasks });
  const pushed = await asked('/tasks/a', { body: { payload: 'x' } });
  const { id } = pushed.json as { id: string };
  for (const path of [`/tasks/${id}`, '/tasks/one', '/tasks/two']) await asked(path);
  await asked('/tasks/a', { body: { payload: 7 } });
  await asked('/queues', { role: 'none' });
  for (let count = 0; count < 5; count += 1) await asked(`/nowhere/${count}`);
  await ask(`${url}/dashboard/nothing/${id}`);
  await asked('/queues/a', { method: 'TRACE' });
  await asked(`/tasks/${'x'.repeat(3_000)}`, { method: 'GET' }).catch(() => undefined);
  const { text } = await asked('/metrics', { role: 'read' });
  const count = (labels: string) => valueIn(text, `goflow_http_requests_total{${labels}}`);
  expect(count('method="POST",route="/tasks/:task",status="201"')).toBe(1);
  expect(count('method="POST",route="/tasks/:task",status="400"')).toBe(1);
  expect(count('method="GET",route="/tasks/:task",status="200"')).toBe(1);
  expect(count('method="GET",route="/tasks/:task",status="404"')).toBe(2);
  expect(count('method="GET",route="/queues",status="401"')).toBe(1);
  expect(count('method="GET",route="other",status="404"')).toBe(5);
  expect(count('method="other",route="other",status="404"')).toBe(1);
  const took = 'goflow_http_request_seconds_count{method="GET",route="/tasks/:task"}';
  expect(valueIn(text, took)).toBe(3);
  expect(
    valueIn(text, 'goflow_tasks_pushed_total{queue="default",type="a",outcome="accepted"}'),
  ).toBe(1);
  expect(
    valueIn(text, 'goflow_tasks_pushed_total{queue="default",type="a",outcome="invalid"}'),
  ).toBe(1);
  expect(text).toContain('nodejs_eventloop_lag_seconds');
  expect(text).not.toContain(id);
  expect(text).not.toContain('nowhere');
  await gateway.stop();
});

test('types and queues that are too many have no label of their own', async () => {
  const gateway = { metricTypes: 0, metricQueues: 0 };
  const { ask: asked } = await startGateway({ tasks, gateway });
  await asked('/tasks/a', { body: { payload: 'x' } });
  const { id } = (await asked('/tasks/a', { body: { payload: 'y' } })).json as { id: string };
  await asked(`/tasks/${id}`, { method: 'DELETE' });
  const depth = 'goflow_queue_tasks{queue="other",state="waiting"}';
  const read = async () => (await asked('/metrics')).text;
  await until(async () => valueIn(await read(), depth) === 1, { what: 'the depth' });
  expect(await read()).toContain(
    'goflow_tasks_pushed_total{queue="other",type="other",outcome="accepted"} 2',
  );
  expect(await read()).toContain('goflow_tasks_cancelled_total{queue="other",type="other"} 1');
});

test('a client that goes away before its answer, and open streams, are counted', async () => {
  const { ask: asked, goflow, url } = await startGateway({ tasks });
  const id = await goflow.push('a', 'x');
  const headers = `Host: localhost\r\nAuthorization: Bearer ${TOKENS.read}\r\n\r\n`;
  const port = Number(new URL(url).port);
  const open = (path: string) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`GET ${path} HTTP/1.1\r\n${headers}`);
    return socket;
  };
  const stream = open(`/tasks/${id}/events`);
  await new Promise((resolve) => stream.once('data', resolve));
  const poll = open(`/tasks/${id}/result?wait=60s`);
  // Its answer comes after that request was taken, on another connection.
  const seriesOf = async (series: string) => valueIn((await asked('/metrics')).text, series);
  const streams = 'goflow_http_event_streams{of="tasks"}';
  await until(async () => (await seriesOf(streams)) === 1, { what: 'an open stream' });
  poll.destroy();
  stream.destroy();
  await until(async () => (await seriesOf(streams)) === 0, { what: 'no open stream' });
  const gone = 'method="GET",route="/tasks/:id/result",status="499"';
  const left = `goflow_http_requests_total{${gone}}`;
  await until(async () => (await seriesOf(left)) === 1, { what: 'one that left' });
  const ended = 'method="GET",route="/tasks/:id/events",status="200"';
  expect(await seriesOf(`goflow_http_requests_total{${ended}}`)).toBe(1);
});

test('one of several gateways tells what is true of all queues', async () => {
  const first = await startGateway({ tasks });
  const { place, goflow } = first;
  const second = await startGateway({ tasks, place });
  await goflow.push('a', 'x');
  const depth = 'goflow_queue_tasks{queue="default",state="waiting"}';
  const scrape = async () =>
    Promise.all([first, second].map(async (one) => (await one.ask('/metrics')).text));
  await until(async () => (await scrape()).some((text) => valueIn(text, depth) === 1), {
    what: 'the depth',
  });
  const texts = await scrape();
  expect(texts.map((text) => valueIn(text, depth)).filter((value) => value !== undefined)).toEqual([
    1,
  ]);
  const elected = texts.findIndex((text) => valueIn(text, 'goflow_exporter_elected') === 1);
  const [stopped, other] = elected === 0 ? [first, second] : [second, first];
  await stopped.gateway.stop();
  await until(async () => valueIn((await other.ask('/metrics')).text, depth) === 1, {
    what: 'the other one',
  });
});

test('one of each group of gateways tells what is true of all queues', async () => {
  const east = await startGateway({ tasks, gateway: { metricGroup: 'east' } });
  const { place, goflow } = east;
  const west = await startGateway({ tasks, place, gateway: { metricGroup: 'west' } });
  const none = await startGateway({ tasks, place });
  await goflow.push('a', 'x');
  const depth = 'goflow_queue_tasks{queue="default",state="waiting"}';
  for (const { ask: asked } of [east, west, none])
    await until(async () => valueIn((await asked('/metrics')).text, depth) === 1, { what: depth });
});

test('metrics are open with tokens, unless one is for reading', async () => {
  const closed = await startGateway({ tasks });
  expectProblem(await closed.ask('/metrics', { role: 'none' }), 401, 'UNAUTHORIZED');
  for (const role of ['read', 'push', 'operate'] as const)
    expect((await closed.ask('/metrics', { role })).status).toBe(200);
  const http = { port: 0, operateToken: TOKENS.operate };
  const opened = await startGateway({ tasks, gateway: { http } });
  expect((await ask(`${opened.url}/metrics`)).status).toBe(200);
  expectProblem(await ask(`${opened.url}/queues`), 401, 'UNAUTHORIZED');
  expectProblem(await ask(`${opened.url}/metrics?name=x`), 400, 'REQUEST_INVALID');
  const alone = await startGateway({ tasks, gateway: { http: { port: 0 } } });
  expect((await ask(`${alone.url}/metrics`)).status).toBe(200);
  const host = { host: 'elsewhere.example' };
  expectProblem(await ask(`${alone.url}/metrics`, { headers: host }), 401, 'UNAUTHORIZED');
});

test('every metric of gateways, clients and the election is shown', async () => {
  const { ask: asked, goflow } = await startGateway({ tasks });
  await goflow.ping();
  await asked('/tasks/a', { body: { payload: 'x' } });
  const { text, headers } = await asked('/metrics');
  expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  const wanted = Object.values<MetricEntry>(METRICS).filter(({ from }) => from !== 'worker');
  const missing = wanted.filter(({ name, kind }) => !text.includes(`# TYPE ${name} ${kind}\n`));
  expect(missing).toEqual([]);
});
