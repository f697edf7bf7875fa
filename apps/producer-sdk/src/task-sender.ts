import { isDeepStrictEqual } from 'node:util';
import {
  type Broker,
  isGoflowError,
  isWrapped,
  newTaskId,
  type Pushed,
  type ResolvedPushOptions,
  type TaskContract,
  type TaskEnvelope,
  type TaskId,
  type TaskRecord,
  type Tracing,
  taskIdOfKey,
} from '@goflow/shared';
import type { ClientLoad } from './bounds/client-load.js';
import type { Opener, SealedPayload } from './opener.js';
import type { PayloadCipher } from './payload-cipher.js';
import type { PushTeller } from './push-teller.js';
import { pushTraced, sendTraced } from './push-traces.js';
import { storedOptions } from './stored-options.js';
import type { Waiting } from './waiting.js';

/** What sending needs. */
export interface SendDeps {
  readonly broker: Broker;
  readonly waiting: Waiting;
  /** Told of the payload of a lone push, until it is pushed; of many, who sends them tells it. */
  readonly load: Pick<ClientLoad, 'hold' | 'release'>;
  /** Whether the retention of a task is over. */
  readonly isOver: (record: TaskRecord) => boolean;
  readonly teller: PushTeller;
  /** Encrypts payloads; `undefined`: they are not encrypted. */
  readonly payloads: PayloadCipher | undefined;
  readonly opener: Opener;
  /** `undefined`: pushes are not traced. */
  readonly tracing: Tracing | undefined;
}

/** What became of one push of many. */
export type PushResult = Pushed | { readonly id: TaskId; readonly error: Error };

/** Takes tasks to the broker, each in an envelope of its own. */
export class TaskSender {
  readonly #deps: SendDeps;

  constructor(deps: SendDeps) {
    this.#deps = deps;
  }

  /** @throws OPTION_INVALID */
  envelope(
    contract: TaskContract,
    payloadJson: string,
    options: ResolvedPushOptions,
  ): TaskEnvelope {
    const { broker, waiting, payloads } = this.#deps;
    const { type, queue, priority } = contract;
    const pushedAt = broker.clock.now();
    const stored = storedOptions(contract, options, pushedAt);
    const id = options.id === undefined ? newTaskId(queue) : ownTaskId(contract, options.id);
    const replyTo = waiting.addressFor(id, type);
    const envelope = { id, queue, type, payloadJson, priority, pushedAt, replyTo };
    const complete = stored ? { ...envelope, ...stored } : envelope;
    return payloads ? payloads.envelope(complete) : complete;
  }

  /** They are not sent after all. */
  drop(envelopes: readonly TaskEnvelope[]): void {
    for (const { id } of envelopes) this.#deps.waiting.forgetAddress(id);
  }

  /** @throws what the broker throws */
  send(envelope: TaskEnvelope): Promise<Pushed> {
    const { tracing } = this.#deps;
    return tracing ? pushTraced(tracing, envelope, (one) => this.#send(one)) : this.#send(envelope);
  }

  async #send(envelope: TaskEnvelope): Promise<Pushed> {
    const { load } = this.#deps;
    const held = load.hold(envelope.payloadJson.length);
    try {
      const pushed = await (envelope.isOwnId
        ? this.#sendOwn(envelope)
        : this.#deps.broker.push(envelope));
      this.#tell(envelope, pushed);
      return pushed;
    } catch (error) {
      this.#deps.waiting.forgetAddress(envelope.id);
      throw error;
    } finally {
      load.release(held);
    }
  }

  /** What became of each, in the order given. Their payloads are held by who calls. */
  async sendAll(envelopes: readonly TaskEnvelope[]): Promise<PushResult[]> {
    if (envelopes.length === 0) return [];
    const { tracing } = this.#deps;
    return tracing
      ? sendTraced(tracing, envelopes, (all) => this.#sendAll(all))
      : this.#sendAll(envelopes);
  }

  async #sendAll(envelopes: readonly TaskEnvelope[]): Promise<PushResult[]> {
    const outcomes = await this.#sendMany(envelopes);
    return outcomes.map((outcome, index) => {
      const envelope = envelopes[index] as TaskEnvelope;
      if (outcome instanceof Error) {
        this.#deps.waiting.forgetAddress(envelope.id);
        return { id: envelope.id, error: outcome };
      }
      this.#tell(envelope, outcome);
      return outcome;
    });
  }

  #tell(envelope: TaskEnvelope, pushed: Pushed): void {
    const { waiting, teller } = this.#deps;
    // The task that is there may have ended long ago, and sends nothing any more.
    if (pushed.deduplicated) waiting.forgetAddress(envelope.id);
    teller.arrived(envelope, pushed);
  }

  async #sendMany(envelopes: readonly TaskEnvelope[]): Promise<readonly (Pushed | Error)[]> {
    const outcomes = await this.#deps.broker.pushMany(envelopes);
    if (!envelopes.some(({ isOwnId }) => isOwnId)) return outcomes;
    return Promise.all(
      outcomes.map(async (outcome, index) => {
        const envelope = envelopes[index] as TaskEnvelope;
        if (!envelope.isOwnId || !isThere(outcome)) return outcome;
        if (await this.#isOver(envelope.id))
          return this.#sendOwn(envelope).catch((error: Error) => error);
        return this.#foundSame(envelope, outcome);
      }),
    );
  }

  /** A task whose retention is over is not there any more, though it may still lie about. */
  async #sendOwn(envelope: TaskEnvelope): Promise<Pushed> {
    const { broker } = this.#deps;
    const outcome = await broker.push(envelope).catch((error: unknown) => error);
    if (isThere(outcome) && (await this.#isOver(envelope.id))) {
      await broker.inspector.discard(envelope.id);
      return broker.push(envelope);
    }
    const found = await this.#foundSame(envelope, outcome);
    if (isPushed(found)) return found;
    throw found;
  }

  /** A broker compares what is stored; but the same payload may be compressed in one push and not in another, and is encrypted anew each time. */
  async #foundSame<Outcome>(envelope: TaskEnvelope, outcome: Outcome): Promise<Outcome | Pushed> {
    if (!isGoflowError(outcome, 'TASK_ID_TAKEN')) return outcome;
    const { id, type, payloadJson, envelopeVersion } = envelope;
    const there = await this.#deps.broker.detail(id);
    const given = { id, type, payload: JSON.parse(payloadJson), envelopeVersion };
    const isSame = there?.type === type && (await this.#isSame(there, given));
    return isSame ? { id, deduplicated: true } : outcome;
  }

  /** False where neither is compressed or encrypted: then the broker has compared them; or where one cannot be read. @throws KEY_MISSING */
  async #isSame(there: SealedPayload, given: SealedPayload): Promise<boolean> {
    if (!isWrapped(there.payload) && !isWrapped(given.payload)) return false;
    const { opener } = this.#deps;
    try {
      return isDeepStrictEqual(await opener.payload(there), await opener.payload(given));
    } catch (error) {
      if (isGoflowError(error, 'KEY_MISSING')) throw error;
      return false;
    }
  }

  async #isOver(id: TaskId): Promise<boolean> {
    const [record] = await this.#deps.broker.read([id]);
    return record !== undefined && this.#deps.isOver(record);
  }
}

/** The id of the task that was pushed, or will be, with an id of the caller's own. */
export function ownTaskId({ queue, type }: TaskContract, id: string): TaskId {
  return taskIdOfKey(queue, `${type}\n${id}`);
}

const isPushed = (outcome: unknown): outcome is Pushed =>
  typeof outcome === 'object' && outcome !== null && 'deduplicated' in outcome;

/** A task has the id already. */
const isThere = (outcome: unknown): boolean =>
  isGoflowError(outcome, 'TASK_ID_TAKEN') || (isPushed(outcome) && outcome.deduplicated);
