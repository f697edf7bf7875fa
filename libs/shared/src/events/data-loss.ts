/** The broker has lost its data, or has others: its mark is another one than before. */
export interface DataLoss {
  /** The mark that this process knew. */
  readonly before: string;
  /** The mark that is there now. */
  readonly now: string;
}
