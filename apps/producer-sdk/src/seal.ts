import {
  compressJson,
  contractOf,
  encodeJson,
  type ParseSubject,
  parse,
  type TaskContract,
  type Tasks,
} from '@goflow/shared';
import type { ClientLoad } from './bounds/client-load.js';

/** What payloads are held to. */
export interface SealOptions {
  /** In bytes of JSON, before compression. */
  readonly payloadLimit: number;
  /** Payloads of more bytes of JSON are compressed; infinity: none. */
  readonly compressAbove: number;
  /** Told of JSON that waits for another thread to compress it. @default nobody */
  readonly load?: Pick<ClientLoad, 'hold' | 'release'> | undefined;
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
  readonly #load: SealOptions['load'];

  constructor(contract: TaskContract, { payloadLimit, compressAbove, load }: SealOptions) {
    const subject = `payload of ${contract.type}`;
    this.contract = contract;
    this.#parsing = { code: 'PAYLOAD_INVALID', subject, redact: contract.redact };
    this.#encoding = {
      subject,
      notSerializable: 'PAYLOAD_NOT_SERIALIZABLE',
      tooLarge: 'PAYLOAD_TOO_LARGE',
      limitBytes: payloadLimit,
    };
    this.#compressAbove = compressAbove;
    this.#load = load;
  }

  /**
   * The payload as JSON, which may be compressed; a promise of it only where the schema is asynchronous, or another thread compresses.
   *
   * @param admit called when an asynchronous schema is done, before there is JSON; what it throws is thrown
   * @throws PAYLOAD_INVALID, PAYLOAD_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE
   */
  json(payload: unknown, admit?: () => void): string | Promise<string> {
    const parsed = parse(this.contract.payload, payload, this.#parsing);
    if (!(parsed instanceof Promise)) return this.#encode(payload);
    return parsed.then(() => {
      admit?.();
      return this.#encode(payload);
    });
  }

  #encode(payload: unknown): string | Promise<string> {
    const json = encodeJson(payload, this.#encoding);
    const stored = compressJson(json, this.#compressAbove);
    if (typeof stored === 'string' || !this.#load) return stored;
    const load = this.#load;
    const held = load.hold(json.length);
    return stored.finally(() => load.release(held));
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
