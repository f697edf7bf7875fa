import {
  type Cipher,
  ENCRYPTED_VERSION,
  encryptJson,
  type Logger,
  type TaskEnvelope,
  type TaskId,
  type WorkerRecord,
} from '@goflow/shared';

/** What encrypting payloads needs. */
export interface PayloadCipherDeps {
  /** One that writes. */
  readonly cipher: Cipher;
  /** The live workers. */
  readonly workers: () => Promise<readonly WorkerRecord[]>;
  /** Told once of each type that a live worker runs without being able to read it. */
  readonly logger: Logger;
}

const LOOK_MS = 60_000;

/** Encrypts the payloads that are pushed, each for its task, and looks once a minute whether all workers can read them. */
export class PayloadCipher {
  readonly #deps: PayloadCipherDeps;
  /** By type, on the monotonic clock; never again once it was told. */
  readonly #lookedAt = new Map<string, number>();

  constructor(deps: PayloadCipherDeps) {
    this.#deps = deps;
  }

  /** What a debounced push says may become the payload of the task that waits under its key, whose id is not known here. */
  envelope(envelope: TaskEnvelope): TaskEnvelope {
    const { type, deduplication, payloadJson } = envelope;
    const id = deduplication?.mode === 'debounce' ? undefined : envelope.id;
    return {
      ...envelope,
      payloadJson: this.payload(payloadJson, { type, id }),
      envelopeVersion: ENCRYPTED_VERSION,
    };
  }

  /** The payload of one task, as JSON. */
  payload(json: string, { type, id }: { type: string; id: TaskId | undefined }): string {
    this.#look(type);
    return encryptJson(json, { kind: 'payload', type, id }, this.#deps.cipher);
  }

  #look(type: string): void {
    const now = performance.now();
    if (now - (this.#lookedAt.get(type) ?? Number.NEGATIVE_INFINITY) < LOOK_MS) return;
    this.#lookedAt.set(type, now);
    this.#deps.workers().then(
      (workers) => this.#tell(type, workers),
      // It is said at the next push after a minute.
      () => undefined,
    );
  }

  #tell(taskType: string, workers: readonly WorkerRecord[]): void {
    const old = workers.filter(
      ({ types, envelopeVersion = 1 }) =>
        types.includes(taskType) && envelopeVersion < ENCRYPTED_VERSION,
    );
    if (old.length === 0) return;
    this.#lookedAt.set(taskType, Number.POSITIVE_INFINITY);
    const names = old.slice(0, 10).map(({ name }) => name);
    this.#deps.logger.warn(
      { taskType, workers: names, count: old.length },
      'live workers of this task type cannot read encrypted payloads: update them first',
    );
  }
}
