import { context, propagation, trace } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { onTestFinished } from 'vitest';

/** Spans that ended in this process. */
export interface CollectedSpans {
  readonly all: readonly ReadableSpan[];
  named(name: string): readonly ReadableSpan[];
}

/** Sets OpenTelemetry up in this process, until the test ends. `isSampled: false`: ids are made, and no spans kept. */
export function collectSpans(isSampled = true): CollectedSpans {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ...(isSampled ? {} : { sampler: new AlwaysOffSampler() }),
  });
  provider.register();
  onTestFinished(async () => {
    await provider.shutdown();
    for (const api of [trace, context, propagation]) api.disable();
  });
  return {
    get all() {
      return exporter.getFinishedSpans();
    },
    named: (name) => exporter.getFinishedSpans().filter((span) => span.name === name),
  };
}
