// The parts of `@opentelemetry/api` that are used, by their shape: the package itself is the user's, and so is its version.

/** Of a span or a link. */
export type OtelAttributes = Record<string, string | number | boolean>;

/** Which span it is. */
export interface OtelSpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly isRemote?: boolean | undefined;
  readonly traceState?: { serialize(): string } | undefined;
}

/** What is active in a call: opaque. */
export interface OtelContext {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): OtelContext;
  deleteValue(key: symbol): OtelContext;
}

/** A span that is open. */
export interface OtelSpan {
  spanContext(): OtelSpanContext;
  setAttribute(name: string, value: string | number | boolean): unknown;
  setAttributes(attributes: OtelAttributes): unknown;
  addEvent(name: string, attributes: OtelAttributes): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  end(endTime?: number): void;
}

/** Where spans come from. */
export interface OtelTracers {
  getTracer(
    name: string,
    version?: string,
  ): { startSpan(name: string, options: object, context: OtelContext): OtelSpan };
}

/** The module `@opentelemetry/api`. */
export interface OtelApi {
  readonly ROOT_CONTEXT: OtelContext;
  readonly SpanKind: { readonly PRODUCER: number; readonly CONSUMER: number };
  readonly diag: { error(message: string, ...args: unknown[]): void };
  readonly SpanStatusCode: { readonly ERROR: number };
  readonly context: {
    active(): OtelContext;
    with<T>(context: OtelContext, call: () => T): T;
  };
  readonly trace: OtelTracers & {
    setSpan(context: OtelContext, span: OtelSpan): OtelContext;
    setSpanContext(context: OtelContext, span: OtelSpanContext): OtelContext;
  };
  createTraceState(text: string): NonNullable<OtelSpanContext['traceState']>;
  isSpanContextValid(context: OtelSpanContext): boolean;
}
