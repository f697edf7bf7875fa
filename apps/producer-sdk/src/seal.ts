import {
  compressJson,
  contractOf,
  encodeJson,
  type ParseSubject,
  parse,
  type TaskContract,
  type Tasks,
} from '@goflow/shared';

/** What payloads are held to. */
export interface SealOptions {
  /** In bytes of JSON, before compression. */
  readonly payloadLimit: number;
  /** Payloads of more bytes of JSON are compressed; infinity: none. */
  readonly compressAbove: number;
}

/**
 * Makes JSON of the payloads of one type. The input of the schema goes on the wire, not its output: the worker makes that, once. What is
 * the same for every payload is made once.
 */
export class Seal {
  readonly contract: TaskContract;
  readonly #parsing: ParseSubject;
  readonly #encoding: Parameters<typeof encodeJson>[1];
  readonly #compressAbove: number;

  constructor(contract: TaskContract, { payloadLimit, compressAbove }: SealOptions) {
    const subject = `payload of ${contract.type}`;
    this.contract = contract;
    this.#parsing = { code: 'PAYLOAD_INVALID', subject };
    this.#encoding = {
      subject,
      notSerializable: 'PAYLOAD_NOT_SERIALIZABLE',
      tooLarge: 'PAYLOAD_TOO_LARGE',
      limitBytes: payloadLimit,
    };
    this.#compressAbove = compressAbove;
  }

  /**
   * The payload as JSON, which may be compressed; a promise of it only where the schema is asynchronous, or another thread compresses.
   *
   * @throws PAYLOAD_INVALID, PAYLOAD_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE
   */
  json(payload: unknown): string | Promise<string> {
    const parsed = parse(this.contract.payload, payload, this.#parsing);
    return parsed instanceof Promise
      ? parsed.then(() => this.#encode(payload))
      : this.#encode(payload);
  }

  #encode(payload: unknown): string | Promise<string> {
    return compressJson(encodeJson(payload, this.#encoding), this.#compressAbove);
  }
}

/** One seal for each type, made when it is first asked for. */
export class Seals {
  readonly #tasks: Tasks;
  readonly #options: SealOptions;
  readonly #made = new Map<string, Seal>();

  constructor(tasks: Tasks, options: SealOptions) {
    this.#tasks = tasks;
    this.#options = options;
  }

  /** @throws TASK_TYPE_UNKNOWN */
  of(type: string): Seal {
    const made = this.#made.get(type);
    if (made) return made;
    const seal = new Seal(contractOf(this.#tasks, type), this.#options);
    this.#made.set(type, seal);
    return seal;
  }
}
