import type { LedgerLine } from '../load/ledger.js';

/** Something that one run of a task did. */
export interface Run {
  readonly at: number;
  /** The process. */
  readonly by: string;
  readonly starts: number;
}

/** All that was written down about one task. Times are milliseconds since 1970. */
export interface Story {
  readonly n: string;
  readonly kind: string;
  /** The process that pushed it. */
  readonly by: string;
  readonly pushedAt: number;
  readonly delayMs: number;
  /** The ids that pushes of it were answered with: of one task all the same. */
  readonly ids: Set<string>;
  readonly ackedAt: number[];
  readonly refused: { readonly code: string; readonly sent: boolean }[];
  readonly starts: (Run & { readonly attempt: number })[];
  readonly effects: Run[];
  readonly ends: Run[];
  readonly seen: {
    readonly status: string;
    readonly mark?: string | undefined;
    readonly forMs: number;
  }[];
  readonly unseen: { readonly code: string; readonly forMs: number; readonly at: number }[];
  readonly cancels: { readonly effect: string; readonly at: number }[];
}

/** The stories of the tasks that were pushed in some lines of ledgers. */
export function tellStories(lines: readonly LedgerLine[]): Map<string, Story> {
  const stories = new Map<string, Story>();
  for (const line of lines) {
    if (line.e !== 'push') continue;
    const { n, kind, by, delayMs, at } = line;
    const story = { n, kind, by, delayMs, pushedAt: at, ids: new Set<string>() };
    const lists = { ackedAt: [], refused: [], starts: [], effects: [], ends: [], seen: [] };
    stories.set(line.n, { ...story, ...lists, unseen: [], cancels: [] });
  }
  for (const line of lines) {
    const story = stories.get(line.n);
    if (story) add(story, line);
  }
  for (const { starts, effects } of stories.values())
    for (const runs of [starts, effects]) runs.sort((a, b) => a.at - b.at);
  return stories;
}

function add(story: Story, line: LedgerLine): void {
  switch (line.e) {
    case 'acked':
      story.ids.add(line.id);
      story.ackedAt.push(line.at);
      break;
    case 'refused':
      story.refused.push(line);
      break;
    case 'start':
      story.starts.push(line);
      break;
    case 'effect':
      story.effects.push(line);
      break;
    case 'end':
      story.ends.push(line);
      break;
    case 'seen':
      story.seen.push(line);
      break;
    case 'unseen':
      story.unseen.push(line);
      break;
    case 'cancelled':
      story.cancels.push(line);
      break;
    default:
  }
}
