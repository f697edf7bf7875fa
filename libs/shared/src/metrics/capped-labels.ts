import { checkInteger } from '../options/invalid-option.js';
import { checkQueueName } from '../options/names.js';
import { OTHER } from './metric-catalogue.js';

/** How many types, and how many queues, get a label of their own, unless told otherwise: of a type some 60 series on a worker, and as many lines. */
export const DEFAULT_MAX_LABELS = 500;

/** The most that may be asked for. */
const MAX_LABELS = 10_000;

/** @throws OPTION_INVALID */
export const checkMaxLabels = (name: string, given: unknown): number =>
  checkInteger(name, given ?? DEFAULT_MAX_LABELS, [0, MAX_LABELS]);

/** A group of processes that one Prometheus scrapes. @throws OPTION_INVALID */
export const checkGroup = (name: string, given: unknown): string | undefined =>
  given === undefined ? undefined : checkQueueName(name, given);

/** Which values of a label are shown, such as types or queues: the first that are seen, so many of them; the rest is `other`. */
export class CappedLabels {
  readonly #labelled = new Set<string>();
  readonly #max: number;
  readonly #isKnown: (value: string) => boolean;
  readonly #onNew: (value: string) => void;

  /** @param options.onNew told of each value that gets a label, once. */
  constructor(options: {
    readonly max: number;
    readonly isKnown?: (value: string) => boolean;
    readonly onNew?: (value: string) => void;
  }) {
    this.#max = options.max;
    this.#isKnown = options.isKnown ?? (() => true);
    this.#onNew = options.onNew ?? (() => undefined);
  }

  /** The label of a value. What is found in a queue need not be a type at all, and then it takes nobody's place. */
  of(value: string): string {
    if (this.#labelled.has(value)) return value;
    if (this.#labelled.size >= this.#max || !this.#isKnown(value)) return OTHER;
    this.#labelled.add(value);
    this.#onNew(value);
    return value;
  }
}
