import { createTracing } from '@goflow/sdk/tracing';
import { type DiagLogger, diag } from '@opentelemetry/api';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { expect, onTestFinished, test } from 'vitest';
import { onBothBrokers } from '../contract/worlds.js';
import { handlers, tasks } from './traced-tasks.js';

/** Of OpenTelemetry's own log. */
function logged(): string[] {
  const messages: string[] = [];
  const error = (message: string): unknown => messages.push(message);
  const silent = () => undefined;
  const logger: DiagLogger = { error, warn: silent, info: silent, debug: silent, verbose: silent };
  diag.setLogger(logger, { suppressOverrideMessage: true });
  onTestFinished(() => diag.disable());
  return messages;
}

const fails = (): never => {
  throw new Error('a fault of the user’s');
};

onBothBrokers((open) => {
  test.each(['onStart', 'onEnd'] as const)(
    'a span processor that throws in %s costs neither a push nor a task',
    async (where) => {
      const messages = logged();
      const processor: SpanProcessor = {
        onStart: () => undefined,
        onEnd: () => undefined,
        forceFlush: async () => undefined,
        shutdown: async () => undefined,
        [where]: fails,
      };
      const tracerProvider = new NodeTracerProvider({ spanProcessors: [processor] });
      const tracing = createTracing({ tracerProvider });
      const world = open();
      const goflow = world.client(tasks, { tracing });
      await world.worker(tasks, handlers, { tracing });
      const id = await goflow.push('echo', 1);
      expect(await goflow.wait(id, { timeout: '5s' })).toBe(1);
      expect(messages).toContain('goflow could not trace');
    },
  );
});
