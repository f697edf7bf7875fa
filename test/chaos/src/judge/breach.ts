import type { Story } from './stories.js';

/** Something that goflow promises, and did not keep. */
export interface Breach {
  readonly kind: string;
  readonly what: string;
  /** The task, where it is about one. */
  readonly n?: string;
}

/** A breach that is about a task. */
export const about = ({ n, kind }: Story, breach: string, what: string): Breach => ({
  kind: breach,
  n,
  what: `${n} (${kind}): ${what}`,
});
