import {
  type Broker,
  contractOf,
  encodeJson,
  GoflowError,
  invalidOption,
  newTaskId,
  type PushOptions,
  parse,
  type ResolvedPushOptions,
  resolvePushOptions,
  type TaskContract,
  type TaskEnvelope,
  type TaskId,
  type Tasks,
} from '@goflow/shared';
import { PushIncompleteError } from './push-incomplete-error.js';
import type { Waiting } from './waiting.js';

/** What pushing needs. */
export interface PusherDeps {
  readonly tasks: Tasks;
  readonly broker: Broker;
  readonly payloadLimit: number;
  readonly waiting: Waiting;
}

/** Takes payloads to the broker: 1. contract, 2. options, 3. schema, 4. JSON, 5. envelope with an id of its own. */
export class Pusher {
  readonly #deps: PusherDeps;

  constructor(deps: PusherDeps) {
    this.#deps = deps;
  }

  async push(type: string, payload: unknown, options?: PushOptions): Promise<TaskId> {
    const contract = contractOf(this.#deps.tasks, type);
    const resolved = resolvePushOptions(options);
    const envelope = await this.#seal(contract, payload, resolved);
    await this.#deps.broker.push(envelope);
    return envelope.id;
  }

  async pushMany(
    type: string,
    payloads: readonly unknown[],
    options?: PushOptions,
  ): Promise<TaskId[]> {
    const contract = contractOf(this.#deps.tasks, type);
    const resolved = resolvePushOptions(options);
    if (!Array.isArray(payloads)) throw invalidOption('payloads', 'an array', payloads);
    const envelopes: TaskEnvelope[] = [];
    for (const [index, payload] of payloads.entries())
      envelopes.push(await this.#seal(contract, payload, resolved).catch(atIndex(index)));
    const errors = await this.#deps.broker.pushMany(envelopes);
    const ids = envelopes.map(({ id }) => id);
    if (errors.some((error) => error !== undefined)) throw new PushIncompleteError(ids, errors);
    return ids;
  }

  /** The input of the schema goes on the wire, not its output: the worker makes that, once. */
  async #seal(
    contract: TaskContract,
    payload: unknown,
    options: ResolvedPushOptions,
  ): Promise<TaskEnvelope> {
    const subject = `payload of ${contract.type}`;
    const parsed = parse(contract.payload, payload, { code: 'PAYLOAD_INVALID', subject });
    if (parsed instanceof Promise) await parsed;
    const payloadJson = encodeJson(payload, {
      subject,
      notSerializable: 'PAYLOAD_NOT_SERIALIZABLE',
      tooLarge: 'PAYLOAD_TOO_LARGE',
      limitBytes: this.#deps.payloadLimit,
    });
    const id = newTaskId(contract.queue);
    return {
      priority: contract.priority,
      ...options,
      id,
      queue: contract.queue,
      type: contract.type,
      payloadJson,
      pushedAt: Date.now(),
      replyTo: this.#deps.waiting.addressFor(id, contract.type),
    };
  }
}

/** Names the payload of many that an error is about. */
function atIndex(index: number) {
  return (error: unknown): never => {
    if (!(error instanceof GoflowError)) throw error;
    const details = { index, ...(typeof error.details === 'object' ? error.details : {}) };
    throw new GoflowError(error.code, `payloads[${index}]: ${error.message}`, {
      cause: error,
      details,
    });
  };
}
