import { isGoflowError } from '../errors/goflow-error.js';
import { toFailure } from '../errors/task-failure.js';
import type { TakenTask } from '../ports/consumer.js';
import type { AttemptTrace, PushEnd, PushFacts, TraceCarrier, Tracing } from '../ports/tracing.js';
import type { Verdict } from '../task/task-outcome.js';
import { VERSION } from '../version.js';
import type {
  OtelApi,
  OtelAttributes,
  OtelContext,
  OtelSpan,
  OtelSpanContext,
  OtelTracers,
} from './otel-api.js';

export type { OtelApi, OtelTracers } from './otel-api.js';

/** What the clients of this library call the system that moves their messages, whatever that stands on. */
const SYSTEM = 'goflow';
/** The first is its name in the conventions of today; the second, its old one, is what most that show traces still look for. */
const OF_SYSTEM = { 'messaging.system.name': SYSTEM, 'messaging.system': SYSTEM };
const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})/;

/** Tracing with this copy of OpenTelemetry. Attributes are those of its conventions for messaging, and `goflow.…` for what they have no word for. */
export function otelTracing(api: OtelApi, provider?: OtelTracers): Tracing {
  // Where no SDK is set up yet, the tracer waits for one.
  const tracer = (provider ?? api.trace).getTracer('goflow', VERSION);
  return {
    push: (facts, send, endOf) => {
      const begun = harmless(api, () => beginPush(api, tracer, facts));
      if (!begun) return send({});
      const { span, carrier, context } = begun;
      const end = (tell: () => void): void => {
        harmless(api, () => {
          tell();
          span.end();
        });
      };
      return api.context
        .with(context, () => send(carrier))
        .then(
          (sent) => {
            end(() => tellPushed(api, span, endOf(sent)));
            return sent;
          },
          (error: unknown) => {
            end(() => tellFailed(api, span, error));
            throw error;
          },
        );
    },
    attempt: (task, worker) =>
      harmless(api, () => beginAttempt(api, tracer, { task, worker })) ?? UNTRACED,
  };
}

/** What samplers and span processors of the user's throw is told to OpenTelemetry's own log: neither a push nor a task may fail of it. */
function harmless<T>({ diag }: OtelApi, trace: () => T): T | undefined {
  try {
    return trace();
  } catch (error) {
    diag.error('goflow could not trace', error);
    return undefined;
  }
}

const UNTRACED: AttemptTrace = { ids: undefined, run: (call) => call(), end: () => undefined };

type Tracer = ReturnType<OtelTracers['getTracer']>;

function beginPush(api: OtelApi, tracer: Tracer, facts: PushFacts) {
  const active = api.context.active();
  const parent = remoteOf(api, facts);
  const from = parent ? api.trace.setSpanContext(active, parent) : active;
  const options = { kind: api.SpanKind.PRODUCER, attributes: ofPush(facts) };
  const span = tracer.startSpan(nameOf('push', facts.queue), options, from);
  return { span, carrier: carrierOf(api, span), context: api.trace.setSpan(from, span) };
}

function beginAttempt(
  api: OtelApi,
  tracer: Tracer,
  { task, worker }: { readonly task: TakenTask; readonly worker: string },
): AttemptTrace {
  const parent = remoteOf(api, task);
  // Whatever was active when its worker was started, or somebody in this process pushed, has nothing to do with this task.
  const from = parent ? api.trace.setSpanContext(api.ROOT_CONTEXT, parent) : api.ROOT_CONTEXT;
  const startTime = Date.now();
  const kind = api.SpanKind.CONSUMER;
  const links = parent ? [{ context: parent }] : [];
  const options = { kind, startTime, links, attributes: ofAttempt(task, worker) };
  const span = tracer.startSpan(nameOf('process', task.queue), options, from);
  return new OtelAttempt(api, { span, startTime, context: api.trace.setSpan(from, span) });
}

/** An attempt as a span that is open. */
class OtelAttempt implements AttemptTrace {
  readonly #api: OtelApi;
  readonly #span: OtelSpan;
  readonly #context: OtelContext;
  readonly #startTime: number;

  constructor(
    api: OtelApi,
    { span, context, startTime }: { span: OtelSpan; context: OtelContext; startTime: number },
  ) {
    this.#api = api;
    this.#span = span;
    this.#context = context;
    this.#startTime = startTime;
  }

  get ids(): AttemptTrace['ids'] {
    const { traceId, spanId } = this.#span.spanContext();
    if (!this.#api.isSpanContextValid(this.#span.spanContext())) return undefined;
    return { trace_id: traceId, span_id: spanId };
  }

  run<T>(call: () => T): T {
    return this.#api.context.with(this.#context, call);
  }

  end(verdict: Verdict | 'lost', ranMs?: number): void {
    harmless(this.#api, () => this.#end(verdict, ranMs));
  }

  #end(verdict: Verdict | 'lost', ranMs?: number): void {
    const span = this.#span;
    const kind = verdict === 'lost' ? verdict : verdict.kind;
    span.setAttribute('goflow.task.outcome', kind);
    if (verdict === 'lost') {
      span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: 'LEASE_LOST' });
      span.setAttribute('error.type', 'LEASE_LOST');
    } else if (verdict.kind === 'handed-back')
      span.setAttribute('goflow.task.hand_back_reason', verdict.reason);
    else if (verdict.kind === 'cancelled') span.setAttribute('error.type', verdict.failure.code);
    else if ('failure' in verdict) tellFailure(this.#api, span, verdict.failure);
    span.end(ranMs === undefined ? undefined : this.#startTime + ranMs);
  }
}

/** Its message, its stack and its details may quote the payload. */
function tellFailure(
  { SpanStatusCode }: OtelApi,
  span: OtelSpan,
  { name, code }: { readonly name: string; readonly code: string },
): void {
  span.setAttribute('error.type', code);
  span.addEvent('exception', { 'exception.type': name });
  span.setStatus({ code: SpanStatusCode.ERROR, message: code });
}

function tellFailed(api: OtelApi, span: OtelSpan, error: unknown): void {
  tellFailure(api, span, isGoflowError(error) ? error : toFailure(error));
}

function tellPushed(api: OtelApi, span: OtelSpan, end: PushEnd | undefined): void {
  if (!end) return;
  const { deduplicated, failed, error } = end;
  if (deduplicated !== undefined)
    span.setAttributes({
      'goflow.task.deduplicated': true,
      'messaging.message.id': deduplicated,
    });
  if (failed === undefined || failed === 0) return;
  span.setAttribute('goflow.push.failed_count', failed);
  tellFailed(api, span, error);
}

const nameOf = (operation: string, queue: string | undefined): string =>
  queue === undefined ? operation : `${operation} ${queue}`;

function ofPush({ queue, type, id, count }: PushFacts): OtelAttributes {
  return {
    ...OF_SYSTEM,
    'messaging.operation.type': 'send',
    'messaging.operation.name': 'push',
    ...(queue === undefined ? {} : { 'messaging.destination.name': queue }),
    ...(type === undefined ? {} : { 'goflow.task.type': type }),
    ...(id === undefined ? {} : { 'messaging.message.id': id }),
    ...(count === undefined ? {} : { 'messaging.batch.message_count': count }),
  };
}

function ofAttempt(task: TakenTask, worker: string): OtelAttributes {
  return {
    ...OF_SYSTEM,
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'process',
    'messaging.destination.name': task.queue,
    'messaging.message.id': task.id,
    'messaging.client.id': worker,
    // Another program may have stored what is no text.
    'goflow.task.type': String(task.type),
    'goflow.task.attempt': task.attempt,
  };
}

/** W3C, whatever propagators are set up: a task has room for no other. Nothing where there is no SDK. */
function carrierOf(api: OtelApi, span: OtelSpan): TraceCarrier {
  const context = span.spanContext();
  if (!api.isSpanContextValid(context)) return {};
  const flags = (context.traceFlags & 0xff).toString(16).padStart(2, '0');
  const traceparent = `00-${context.traceId}-${context.spanId}-${flags}`;
  const tracestate = context.traceState?.serialize();
  return tracestate ? { traceparent, tracestate } : { traceparent };
}

/** The context in a carrier; `undefined` for none, and for what another program wrote that is none. */
function remoteOf(
  api: OtelApi,
  carrier: { traceparent?: string | undefined; tracestate?: string | undefined },
): OtelSpanContext | undefined {
  const { traceparent, tracestate } = carrier;
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  const context: OtelSpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(tracestate ? { traceState: api.createTraceState(tracestate) } : {}),
  };
  return api.isSpanContextValid(context) ? context : undefined;
}
