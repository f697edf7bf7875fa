import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createTracing } from '@goflow/sdk/tracing';
import { expect, onTestFinished, test } from 'vitest';
import { tasks } from '../fixtures/tasks.mjs';
import { runWorkerIn, urlOf } from '../support/program.js';
import { newPlace } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { collectSpans } from './collected-spans.js';

const WITHOUT_SDK = fileURLToPath(new URL('without-sdk.cjs', import.meta.url));

/** What OTLP sends as JSON, as far as it is looked at. */
interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly unknown[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly { readonly name: string; readonly traceId: string }[];
    }[];
  }[];
}

/** A collector of traces; with `isDeaf` one that never answers. */
async function startCollector(isDeaf = false) {
  const sent: Sent[] = [];
  const take = async (request: IncomingMessage): Promise<void> => {
    sent.push(JSON.parse(await text(request)) as Sent);
  };
  const server = createServer((request, response) => {
    void take(request).then(() => isDeaf || response.end('{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  };
  return { sent, env };
}

test('a worker program sends its spans where the environment says, at the latest when it is stopped', async () => {
  const spans = collectSpans();
  const place = newPlace();
  const { sent, env } = await startCollector();
  const program = runWorkerIn(place, [], env);
  await urlOf(program);
  const goflow = openClient(tasks, place, { tracing: createTracing() });
  await goflow.wait(await goflow.push('echo', 'hello'));
  expect(await program.stop()).toEqual({ code: 0, signal: null });
  const [resourceSpans] = sent.flatMap((one) => one.resourceSpans);
  expect(JSON.stringify(resourceSpans?.resource.attributes)).toContain('goflow-worker');
  const [push] = spans.named('push default');
  expect(resourceSpans?.scopeSpans[0]?.spans).toMatchObject([
    { name: 'process default', traceId: push?.spanContext().traceId },
  ]);
});

test('a collector that does not answer keeps no program from leaving', async () => {
  const place = newPlace();
  const { sent, env } = await startCollector(true);
  const program = runWorkerIn(place, [], env);
  await urlOf(program);
  const goflow = openClient(tasks, place);
  await goflow.wait(await goflow.push('echo', 'hello'));
  expect(await program.stop()).toEqual({ code: 0, signal: null });
  expect(sent).toHaveLength(1);
});

test('where nobody installed an SDK it is said what to do; nobody minds where nobody asks', async () => {
  const NODE_OPTIONS = `--require=${WITHOUT_SDK}`;
  const asked = { NODE_OPTIONS, OTEL_TRACES_EXPORTER: 'otlp' };
  const program = runWorkerIn(newPlace(), [], asked);
  expect(await program.exited).toEqual({ code: 2, signal: null });
  expect(program.stderr).toMatch(/OPTION_INVALID: .*@opentelemetry\/sdk-node is not installed/);
  for (const env of [
    { NODE_OPTIONS },
    { ...asked, OTEL_TRACES_EXPORTER: 'none' },
    { ...asked, OTEL_SDK_DISABLED: 'true' },
  ]) {
    const unasked = runWorkerIn(newPlace(), [], env);
    await urlOf(unasked);
    expect(await unasked.stop()).toEqual({ code: 0, signal: null });
  }
});
