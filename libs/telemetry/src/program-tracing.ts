import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { GoflowError, type Tracing } from '@goflow/shared';
import { type OtelApi, otelTracing } from '@goflow/shared/otel-tracing';

/** What a program traces with, and how that ends. */
export interface ProgramTracing {
  readonly tracing: Tracing;
  /** Sends what is not sent yet, for at most {@link FLUSH_MS}. It never rejects. */
  stop(): Promise<void>;
}

/** What {@link startTracing} goes by. */
export interface StartTracingOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** From where the packages of the user are found, the first that has them; at last from where goflow is. */
  readonly folders: readonly string[];
  /** What the program is called where the environment does not say: `goflow-worker`. */
  readonly service: string;
}

/** A collector that is away must not keep a program from leaving. */
export const FLUSH_MS = 1_500;

const HERE = fileURLToPath(new URL('.', import.meta.url));
const API = '@opentelemetry/api';
const SDK = '@opentelemetry/sdk-node';

/**
 * Sets up OpenTelemetry as its own environment variables say, where they ask for traces: OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT or
 * OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set, and neither is `none`. The packages are the user's. What has set itself up already, such as by
 * `node --import`, is used as it is.
 *
 * @returns `undefined` where nobody asks for traces
 * @throws OPTION_INVALID where the packages cannot be found
 */
export async function startTracing({
  env,
  folders,
  service,
}: StartTracingOptions): Promise<ProgramTracing | undefined> {
  if (!isAsked(env)) return undefined;
  const api = (await load(API, folders)) as OtelApi;
  const tracing = otelTracing(api);
  if (isSetUp(api)) return { tracing, stop: async () => undefined };
  const { NodeSDK } = (await load(SDK, folders)) as { NodeSDK: new (given: object) => Sdk };
  const isNamed = env.OTEL_SERVICE_NAME || env.OTEL_RESOURCE_ATTRIBUTES?.includes('service.name=');
  const sdk = new NodeSDK(isNamed ? {} : { serviceName: service });
  sdk.start();
  const flush = async (): Promise<void> => sdk.shutdown().catch(() => undefined);
  const stop = (): Promise<void> =>
    Promise.race([flush(), delay(FLUSH_MS, undefined, { ref: false })]);
  return { tracing, stop };
}

interface Sdk {
  start(): void;
  shutdown(): Promise<void>;
}

function isAsked(env: StartTracingOptions['env']): boolean {
  const { OTEL_TRACES_EXPORTER: exporter, OTEL_SDK_DISABLED: disabled } = env;
  if (disabled?.toLowerCase() === 'true' || exporter === 'none') return false;
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  return Boolean(exporter || endpoint);
}

/** Only an SDK gives a new span ids of its own. This one is never ended, and so told to nobody. */
function isSetUp(api: OtelApi): boolean {
  const span = api.trace.getTracer('goflow').startSpan('set up?', {}, api.ROOT_CONTEXT);
  return api.isSpanContextValid(span.spanContext());
}

async function load(name: string, folders: readonly string[]): Promise<unknown> {
  for (const folder of [...folders, HERE]) {
    let file: string;
    try {
      file = createRequire(join(folder, 'any.js')).resolve(name);
    } catch {
      continue;
    }
    const { default: whole, ...named } = (await import(pathToFileURL(file).href)) as {
      readonly default?: object;
    };
    return { ...whole, ...named };
  }
  throw new GoflowError(
    'OPTION_INVALID',
    `the environment asks for traces, and ${name} is not installed: npm install ${API} ${SDK}, or set OTEL_TRACES_EXPORTER=none`,
  );
}
