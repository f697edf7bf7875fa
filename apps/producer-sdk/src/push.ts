import {
  type Broker,
  contractOf,
  encodeJson,
  GoflowError,
  invalidOption,
  isGoflowError,
  MAX_HORIZON_MS,
  newTaskId,
  type Pushed,
  type PushOptions,
  parse,
  type ResolvedPushOptions,
  resolvePushOptions,
  resolveRetention,
  type TaskContract,
  type TaskEnvelope,
  type TaskId,
  type TaskRecord,
  type Tasks,
  taskIdOfKey,
} from '@goflow/shared';
import type { HandlerWatch } from './handler-watch.js';
import { PushIncompleteError } from './push-incomplete-error.js';
import { type PushMiddleware, pushThrough, pushThroughAll } from './push-middleware.js';
import type { Waiting } from './waiting.js';

/** What pushing needs. */
export interface PusherDeps {
  readonly tasks: Tasks;
  readonly broker: Broker;
  readonly payloadLimit: number;
  readonly waiting: Waiting;
  readonly handlers: HandlerWatch;
  readonly middleware: readonly PushMiddleware[];
  /** Whether the retention of a task is over. */
  readonly isOver: (record: TaskRecord) => boolean;
  readonly onPushed: (pushed: Pushed, type: string) => void;
}

/** The options of many pushes: the same for all, or those of each. */
export type ManyOptions<Payload = unknown> =
  | PushOptions
  | ((payload: Payload, index: number) => PushOptions | undefined);

/** Takes payloads to the broker: 1. contract, 2. options, 3. schema, 4. JSON, 5. envelope with an id of its own. */
export class Pusher {
  readonly #deps: PusherDeps;

  constructor(deps: PusherDeps) {
    this.#deps = deps;
  }

  async push(type: string, payload: unknown, options?: PushOptions): Promise<Pushed> {
    const { middleware } = this.#deps;
    if (middleware.length === 0) return this.#pushOne(type, payload, options);
    return pushThrough({ type, payload, options }, middleware, (request) =>
      this.#pushOne(request.type, request.payload, request.options),
    );
  }

  async pushMany(
    type: string,
    payloads: readonly unknown[],
    options?: ManyOptions,
  ): Promise<TaskId[]> {
    if (!Array.isArray(payloads)) throw invalidOption('payloads', 'an array', payloads);
    contractOf(this.#deps.tasks, type);
    const requests = payloads.map((payload: unknown, index) => ({
      type,
      payload,
      options: typeof options === 'function' ? options(payload, index) : options,
    }));
    const { middleware } = this.#deps;
    if (middleware.length > 0)
      return pushThroughAll(requests, middleware, (passed) => this.#pushAll(passed));
    const outcomes = await this.#pushAll(requests);
    return PushIncompleteError.idsOf(outcomes);
  }

  async #pushOne(type: string, payload: unknown, options?: PushOptions): Promise<Pushed> {
    const contract = contractOf(this.#deps.tasks, type);
    const resolved = resolvePushOptions(options);
    const sealing = this.#seal(contract, payload, resolved);
    const envelope = sealing instanceof Promise ? await sealing : sealing;
    const wait = this.#deps.handlers.check(type);
    if (wait) await wait;
    const pushed = envelope.isOwnId
      ? await this.#pushOwn(envelope)
      : await this.#deps.broker.push(envelope);
    this.#deps.onPushed(pushed, type);
    return pushed;
  }

  /** A task whose retention is over is not there any more, though it may still lie about. */
  async #pushOwn(envelope: TaskEnvelope): Promise<Pushed> {
    const { broker } = this.#deps;
    const outcome = await broker.push(envelope).catch((error: unknown) => error);
    const isThere = isGoflowError(outcome, 'TASK_ID_TAKEN') || isDeduplicated(outcome);
    if (isThere && (await this.#isOver(envelope.id))) {
      await broker.inspector.discard(envelope.id);
      return broker.push(envelope);
    }
    if (isPushed(outcome)) return outcome;
    throw outcome;
  }

  async #isOver(id: TaskId): Promise<boolean> {
    const [record] = await this.#deps.broker.read([id]);
    return record !== undefined && this.#deps.isOver(record);
  }

  /** All are checked before the first is sent. */
  async #pushAll(
    requests: readonly (PushRequest & { readonly index?: number })[],
  ): Promise<PushResult[]> {
    const envelopes: TaskEnvelope[] = [];
    let [given, resolved] = [requests[0]?.options, resolvePushOptions(requests[0]?.options)];
    for (const [place, { type, payload, options, index = place }] of requests.entries()) {
      try {
        if (options !== given) [given, resolved] = [options, resolvePushOptions(options)];
        const contract = contractOf(this.#deps.tasks, type);
        envelopes.push(await this.#seal(contract, payload, resolved));
      } catch (error) {
        throw atIndex(error, index);
      }
    }
    for (const type of new Set(requests.map((request) => request.type)))
      await this.#deps.handlers.check(type);
    const outcomes = await this.#sendAll(envelopes);
    return outcomes.map((outcome, index) => {
      const { id, type } = envelopes[index] as TaskEnvelope;
      if (outcome instanceof Error) return { id, error: outcome };
      this.#deps.onPushed(outcome, type);
      return outcome;
    });
  }

  async #sendAll(envelopes: readonly TaskEnvelope[]): Promise<readonly (Pushed | Error)[]> {
    const outcomes = await this.#deps.broker.pushMany(envelopes);
    if (!envelopes.some(({ isOwnId }) => isOwnId)) return outcomes;
    return Promise.all(
      outcomes.map(async (outcome, index) => {
        const envelope = envelopes[index] as TaskEnvelope;
        const isThere = isGoflowError(outcome, 'TASK_ID_TAKEN') || isDeduplicated(outcome);
        if (!envelope.isOwnId || !isThere || !(await this.#isOver(envelope.id))) return outcome;
        return this.#pushOwn(envelope).catch((error: Error) => error);
      }),
    );
  }

  /** The input of the schema goes on the wire, not its output: the worker makes that, once. */
  #seal(
    contract: TaskContract,
    payload: unknown,
    options: ResolvedPushOptions,
  ): TaskEnvelope | Promise<TaskEnvelope> {
    const subject = `payload of ${contract.type}`;
    const parsed = parse(contract.payload, payload, { code: 'PAYLOAD_INVALID', subject });
    const sealed = (): TaskEnvelope => this.#envelopeOf(contract, payload, options);
    return parsed instanceof Promise ? parsed.then(sealed) : sealed();
  }

  #envelopeOf(
    contract: TaskContract,
    payload: unknown,
    options: ResolvedPushOptions,
  ): TaskEnvelope {
    const { waiting, broker, payloadLimit } = this.#deps;
    const { type, queue, priority, startByMs, deadlineMs } = contract;
    const payloadJson = encodeJson(payload, {
      subject: `payload of ${type}`,
      notSerializable: 'PAYLOAD_NOT_SERIALIZABLE',
      tooLarge: 'PAYLOAD_TOO_LARGE',
      limitBytes: payloadLimit,
    });
    const id = options.id === undefined ? newTaskId(queue) : ownTaskId(contract, options.id);
    const envelope = {
      id,
      queue,
      type,
      payloadJson,
      priority,
      pushedAt: broker.clock.now(),
      replyTo: waiting.addressFor(id, type),
    };
    const isPlain = options === NO_OPTIONS && startByMs === undefined && deadlineMs === undefined;
    return isPlain
      ? envelope
      : { ...envelope, ...storedOptions(contract, options, envelope.pushedAt) };
  }
}

/** The id of the task that was pushed, or will be, with an id of the caller's own. */
export function ownTaskId({ queue, type }: TaskContract, id: string): TaskId {
  return taskIdOfKey(queue, `${type}\n${id}`);
}

const isPushed = (outcome: unknown): outcome is Pushed =>
  typeof outcome === 'object' && outcome !== null && 'deduplicated' in outcome;

const isDeduplicated = (outcome: unknown): boolean => isPushed(outcome) && outcome.deduplicated;

const NO_OPTIONS = resolvePushOptions(undefined);

/** What goes with the task: lengths of time become times, and what the contract says about time is put in. */
function storedOptions(
  contract: TaskContract,
  options: ResolvedPushOptions,
  pushedAt: number,
): Partial<TaskEnvelope> {
  const { id, delayMs: delay, runAt, startByMs, deadlineMs, retention, ...rest } = options;
  const { deduplication } = options;
  const debounceMs = deduplication?.mode === 'debounce' ? deduplication.windowMs : 0;
  const runAtMs = runAt === undefined ? 0 : Math.max(runAt - pushedAt, 0);
  if (runAtMs > MAX_HORIZON_MS)
    throw invalidOption('runAt', 'at most 366 days from now', new Date(runAt ?? 0).toISOString());
  const delayMs = delay ?? (runAtMs || debounceMs);
  const startMs = startByMs ?? contract.startByMs;
  const endMs = deadlineMs ?? contract.deadlineMs;
  return {
    ...rest,
    ...(delayMs > 0 ? { delayMs } : {}),
    ...(startMs === undefined ? {} : { startBy: pushedAt + delayMs + startMs }),
    ...(endMs === undefined ? {} : { deadline: pushedAt + endMs }),
    ...(retention && {
      retention: resolveRetention(retention, 'retention', contract.retention),
    }),
    ...(id === undefined ? {} : { isOwnId: true as const }),
  };
}

/** One push, as middleware sees it. */
export interface PushRequest {
  readonly type: string;
  readonly payload: unknown;
  readonly options: PushOptions | undefined;
}

/** What became of one push of many. */
export type PushResult = Pushed | { readonly id: TaskId; readonly error: Error };

/** Names the payload of many that an error is about. */
function atIndex(error: unknown, index: number): unknown {
  if (!(error instanceof GoflowError)) return error;
  const details = { index, ...(typeof error.details === 'object' ? error.details : {}) };
  const message = `payloads[${index}]: ${error.message}`;
  return new GoflowError(error.code, message, { cause: error, details });
}
