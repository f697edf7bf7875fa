/** How a transport answers an error, and whether the same call may succeed later. */
export interface ErrorEntry {
  /** The HTTP status that goflow's own servers answer with. */
  readonly http: number;
  /** True when the same call, unchanged, may succeed later. */
  readonly retryable: boolean;
  /** One sentence: when this happens. */
  readonly when: string;
  /** One sentence: what to do about it. */
  readonly cure: string;
}

/** An entry that nobody changes. */
export const entry = (about: ErrorEntry): ErrorEntry => Object.freeze(about);
