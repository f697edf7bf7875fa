import { OTHER } from './metric-catalogue.js';

/** How many types get a label of their own, unless told otherwise: some 46 series each on a worker, and as many lines in a scrape. */
export const DEFAULT_MAX_TYPES = 500;

/** The most that may be asked for. */
export const MAX_TYPES = 10_000;

/** Which types get a label of their own: the first that are seen, so many of them; the rest is `other`. */
export class TypeLabels {
  readonly #labelled = new Set<string>();
  readonly #max: number;
  readonly #isKnown: (type: string) => boolean;
  readonly #onNew: (type: string) => void;

  /** @param options.onNew told of each type that gets a label, once. */
  constructor(options: {
    readonly max: number;
    readonly isKnown?: (type: string) => boolean;
    readonly onNew?: (type: string) => void;
  }) {
    this.#max = options.max;
    this.#isKnown = options.isKnown ?? (() => true);
    this.#onNew = options.onNew ?? (() => undefined);
  }

  /** The label of a type. What is found in a queue need not be a type at all, and then it takes nobody's place. */
  of(type: string): string {
    if (this.#labelled.has(type)) return type;
    if (this.#labelled.size >= this.#max || !this.#isKnown(type)) return OTHER;
    this.#labelled.add(type);
    this.#onNew(type);
    return type;
  }
}
