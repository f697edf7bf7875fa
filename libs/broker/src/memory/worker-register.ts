import type { Clock, WorkerAdvert, WorkerRecord } from '@goflow/shared';

type Advert = () => WorkerAdvert;

/** An advert costs its worker some system calls, and every push asks: so long a "yes" is good for the next push, too. */
const FRESH_MS = 1_000;

/** Knows the workers of this process. They need no heartbeat: they are asked when somebody wants to know. */
export class WorkerRegister {
  readonly #clock: Clock;
  /** With what they said last. */
  readonly #workers = new Map<Advert, WorkerRecord>();
  /** By type: when a worker was found to have it no more. */
  readonly #goneAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(advert: Advert): void {
    this.#workers.set(advert, this.#ask(advert));
  }

  remove(advert: Advert): void {
    this.#noteGone(this.#workers.get(advert)?.types ?? []);
    this.#workers.delete(advert);
  }

  /** What they all say now. */
  records(): readonly WorkerRecord[] {
    for (const [advert, before] of this.#workers) {
      const now = this.#ask(advert);
      this.#noteGone(before.types.filter((type) => !now.types.includes(type)));
      if (now.state === 'stopped') this.#workers.delete(advert);
      else this.#workers.set(advert, now);
    }
    return [...this.#workers.values()];
  }

  /** Whether a worker has a handler for the type, as it said a moment ago. */
  isHandled(type: string): boolean {
    const freshFrom = this.#clock.now() - FRESH_MS;
    for (const { types, seenAt } of this.#workers.values())
      if (seenAt > freshFrom && types.includes(type)) return true;
    return this.isHandledNow(type);
  }

  /** Whether a worker says now that it has a handler for the type. */
  isHandledNow(type: string): boolean {
    return this.records().some(({ types }) => types.includes(type));
  }

  /** When a worker last had a handler for the type, or somewhat later; `undefined` when none ever did. */
  lastAdvertised(type: string): number | undefined {
    return this.isHandled(type) ? this.#clock.now() : this.#goneAt.get(type);
  }

  #ask(advert: Advert): WorkerRecord {
    return structuredClone({ ...advert(), seenAt: this.#clock.now() });
  }

  /** Not when it was seen last, which may be long ago: nobody had asked. */
  #noteGone(types: readonly string[]): void {
    for (const type of types) this.#goneAt.set(type, this.#clock.now());
  }
}
