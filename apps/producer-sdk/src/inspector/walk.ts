import type { InspectorBroker, TaskDetail, TaskRecord } from '@goflow/shared';
import type { Opener } from '../opener.js';
import { type Position, startOf } from './cursor.js';
import { expanded } from './expanded.js';
import type { Question, Section } from './filter.js';

/** Where tasks come from. */
export interface TaskSource {
  readonly broker: Pick<InspectorBroker, 'page'>;
  /** True for a task that is past its retention, and only not swept yet. */
  isOver(record: TaskRecord): boolean;
  /** Reads what is encrypted in them. */
  readonly opener: Opener;
}

/** Some answers to a question, and where to go on; `next` is not there when there are no more. */
export interface Found {
  readonly tasks: readonly TaskDetail[];
  readonly next: Position | undefined;
}

/** A page holds payloads too, of up to a megabyte each. */
const MAX_PAGE = 250;
/** What one call of {@link find} looks at. It ends then with what it has, so that it takes as long with a million tasks. */
const MAX_LOOKED_AT = 5_000;

/** At most `limit` answers, from a position on. */
export async function find(
  source: TaskSource,
  question: Question,
  { from, limit }: { readonly from: Position | undefined; readonly limit: number },
): Promise<Found> {
  const found = new Map<string, TaskDetail>();
  let position = from;
  let lookedAt = 0;
  let size = limit;
  while (position && found.size < limit && lookedAt < MAX_LOOKED_AT) {
    const wanted = limit - found.size;
    const most = Math.min(MAX_PAGE, MAX_LOOKED_AT - lookedAt);
    const page = await fittingPage(source, question, {
      position,
      size: Math.min(Math.max(size, wanted), most),
      wanted,
    });
    // A task may have gone on to a state that is looked at later.
    for (const task of page.tasks) found.set(task.id, task);
    const isLast = page.next?.section !== position.section;
    // Of a page that is not the last, the broker may have looked at all it was asked for and given none.
    lookedAt += isLast ? page.given.length : page.size;
    // Few seem to be wanted here: that takes a few larger pages, not thousands of small ones.
    size = isLast ? 0 : page.size * 2;
    position = page.next;
  }
  return { tasks: [...found.values()], next: position };
}

interface Page extends Found {
  /** All that the broker gave. */
  readonly given: readonly TaskDetail[];
  /** How many tasks it was asked for. */
  readonly size: number;
}

/**
 * A page with at most `wanted` answers. One with more cannot be cut: only the broker can tell where to go on. So it is asked for again,
 * to end with the last answer that is wanted; and as tasks come and go meanwhile, it may have to be asked for once more, smaller still.
 */
async function fittingPage(
  source: TaskSource,
  question: Question,
  { position, size, wanted }: { position: Position; size: number; wanted: number },
): Promise<Page> {
  let page = await readPage(source, question, { position, size });
  while (page.tasks.length > wanted) {
    const end = page.given.indexOf(page.tasks[wanted - 1] as TaskDetail) + 1;
    page = await readPage(source, question, { position, size: end });
  }
  return page;
}

async function readPage(
  source: TaskSource,
  question: Question,
  { position, size }: { readonly position: Position; readonly size: number },
): Promise<Page> {
  const { section, after } = position;
  const { tag, since } = question;
  const { queue, state } = sectionAt(question, section);
  const asked = { queue, state, tag, since, after, limit: size };
  const { tasks: found, next } = await source.broker.page(asked);
  const { opener } = source;
  const tasks = found.map((task) => opener.withFailure(task));
  const seen = question.isOfPayload
    ? await Promise.all(tasks.map((task) => expanded(task, opener)))
    : tasks;
  return {
    // As the broker gave them: expanded twice, what looks compressed would be another.
    tasks: tasks.filter(
      (task, at) => question.isWanted(seen[at] as TaskDetail) && !source.isOver(task),
    ),
    next: next === undefined ? sectionAfter(question, section) : { section, after: next },
    given: tasks,
    size,
  };
}

function sectionAt({ sections }: Question, index: number): Section {
  const section = sections[index];
  if (!section) throw new RangeError(`there is no section ${index}`);
  return section;
}

function sectionAfter({ sections }: Question, index: number): Position | undefined {
  return index + 1 < sections.length ? { section: index + 1, after: undefined } : undefined;
}

/** How to walk. */
export interface WalkOptions {
  /** How many tasks at most. */
  readonly limit?: number | undefined;
  /** How many tasks to ask for at once: 1 to 250. */
  readonly pageSize?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One page of a walk. */
export interface WalkedPage {
  /** The answers. */
  readonly tasks: readonly TaskDetail[];
  /** How many tasks were looked at to find them. */
  readonly lookedAt: number;
}

/** What a walk came to. */
export interface Walked {
  readonly lookedAt: number;
  /** False when it ended early: at its limit, by its signal, or because its visitor had enough. */
  readonly complete: boolean;
}

/** Goes through all answers to a question, page by page, until `visit` answers false. Of each section the newest come first. */
export async function walk(
  source: TaskSource,
  question: Question,
  {
    limit = Number.POSITIVE_INFINITY,
    pageSize = MAX_PAGE,
    signal,
    visit,
  }: WalkOptions & { readonly visit: (page: WalkedPage) => boolean | Promise<boolean> },
): Promise<Walked> {
  let position = startOf(question);
  let lookedAt = 0;
  while (position) {
    if (signal?.aborted || lookedAt >= limit) return { lookedAt, complete: false };
    const size = Math.min(pageSize, limit - lookedAt);
    const page = await readPage(source, question, { position, size });
    lookedAt += page.given.length;
    if (!(await visit({ tasks: page.tasks, lookedAt: page.given.length })))
      return { lookedAt, complete: false };
    position = page.next;
  }
  return { lookedAt, complete: true };
}
