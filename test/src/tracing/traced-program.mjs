// A program that pushes an order, or a worker for one type. Each has an OpenTelemetry SDK of its own, and prints each span that ends as a line.
import { createGoflow } from '@goflow/sdk';
import { createTracing } from '@goflow/sdk/tracing';
import { createWorker, HandlerRegistry } from '@goflow/worker';
import { createTracing as createWorkerTracing } from '@goflow/worker/tracing';
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { tasks } from './trace-tasks.mjs';

const [role, redis, prefix] = process.argv.slice(2);
const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();
const tracer = trace.getTracer('the shop');
const goflow = createGoflow({ tasks, redis, prefix, tracing: createTracing() });

const HANDLERS = {
  order: async (item, ctx) => {
    if (ctx.attempt === 1) throw new RangeError(`no ${item} yet`);
    return tracer.startActiveSpan('pack', async (span) => {
      await goflow.push('parcel', item);
      span.end();
      return item;
    });
  },
  parcel: (item) => item,
};

if (role === 'push')
  await tracer.startActiveSpan('checkout', async (span) => {
    await goflow.push('order', 'book');
    span.end();
  });
else {
  const handlers = new HandlerRegistry(tasks).add(role, HANDLERS[role]);
  const tracing = createWorkerTracing();
  const worker = createWorker({ tasks, handlers, redis, prefix, tracing, name: `of-${role}` });
  await worker.start();
  console.log('started');
  await new Promise((resolve) => process.once('SIGTERM', resolve));
  await worker.stop();
}
await goflow.close();
await provider.forceFlush();
for (const span of exporter.getFinishedSpans()) {
  const { name, kind, attributes, parentSpanContext } = span;
  const printed = { name, kind, attributes, parent: parentSpanContext?.spanId };
  console.log(`span ${JSON.stringify({ ...printed, ...span.spanContext() })}`);
}
