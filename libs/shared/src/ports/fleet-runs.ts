/** Something long that one process does to many tasks, such as a redrive, as it was told last. */
export interface ToldRun {
  readonly id: string;
  /** What was told: of another version, or of somebody's hand, it may be anything that JSON can say. */
  readonly run: unknown;
  /** For how many milliseconds nothing was told of it. */
  readonly silentMs: number;
}

/** Tells all processes of a fleet what one of them does, and has it end. Every call ends within the broker's time limit. */
export interface FleetRuns {
  /**
   * Tells how far one is; it is known for an hour after it was told last, of more than 100 for a minute.
   *
   * @param run a few hundred bytes of JSON
   * @returns true when somebody wants it to end
   */
  tell(id: string, run: object): Promise<boolean>;
  /** All that is known, in no order. */
  list(): Promise<readonly ToldRun[]>;
  /** Wants it to end: who does it hears that when it tells the next time. */
  end(id: string): Promise<void>;
}
