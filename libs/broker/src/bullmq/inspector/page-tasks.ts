import { checkInteger, type PageQuestion, type TaskPage, taskIdOf } from '@goflow/shared';
import { queueKey } from '../keys.js';
import {
  decodeCursor,
  encodeCursor,
  invalid,
  isSetPosition,
  type ListPosition,
  type PagePosition,
} from './page-cursor.js';
import { filterOf, isAnswer } from './page-filter.js';
import { firstPlace, type Place, placesOf } from './page-places.js';
import { readDetails } from './read-detail.js';
import type { QueueConnection } from './script.js';
import { walkList } from './walk-list.js';
import { type Step, walkSet } from './walk-set.js';

/** The most steps that one page takes. */
const MAX_STEPS = 5;

/**
 * One page of tasks of one queue in one state, without log and history. Bounded work: at most five steps of at most 1,000 entries
 * and some 5,000 places of chunks each, then the tasks found, 200 at a time. A page with a filter, or among chunks, may be short
 * or empty, and yet there are more.
 *
 * The order: finished tasks by their end, the newest first; delayed ones by when they are due, the last first; waiting and active
 * ones against the order in which they are taken: first those with a priority. With a tag: by their push, the newest first, where
 * fewer tasks have the tag than are in the state; else as without.
 *
 * A chunk stands for its tasks, the one with the highest index first. Those that completed in it are listed when all of the chunk
 * is settled, by the end of the chunk; until then it lies among the open ones, and stands for those that are open.
 *
 * A task that stays where it is while pages are read is on exactly one of them. For the lists (waiting without a priority,
 * active) that holds as far as {@link walkList} finds its place again; else some are repeated.
 *
 * @throws CURSOR_INVALID, OPTION_INVALID for a limit that is not 1 to 1,000.
 */
export async function pageTasks(
  connection: QueueConnection,
  question: PageQuestion,
): Promise<TaskPage> {
  checkInteger('limit', question.limit, [1, 1_000]);
  const places = placesOf(connection.prefix, question);
  const from =
    question.after === undefined
      ? { place: await firstPlace(connection, question, places), at: undefined, below: 0 }
      : checkPlace(decodeCursor(question.after, question), places);
  const { ids, next } = await walkPlaces({ connection, question, places }, from);
  const found = await readDetails(
    connection,
    ids.map((id) => taskIdOf(question.queue, id)),
    { withLogs: false },
  );
  return {
    tasks: found.filter((task) => task !== undefined).filter((task) => isAnswer(task, question)),
    next: next && encodeCursor(question, next),
  };
}

/** A cursor that somebody made up may point anywhere. */
function checkPlace(position: PagePosition, places: readonly Place[]): PagePosition {
  const place = places[position.place];
  if (!place) throw invalid('points nowhere');
  if (position.at !== undefined && isSetPosition(position.at) !== (place.kind === 'set'))
    throw invalid('points nowhere');
  return position;
}

interface Asking {
  readonly connection: QueueConnection;
  readonly question: PageQuestion;
  readonly places: readonly Place[];
}

async function walkPlaces(
  asking: Asking,
  from: PagePosition,
): Promise<Pick<Step<PagePosition>, 'ids' | 'next'>> {
  const { question, places } = asking;
  const ids: string[] = [];
  let position: PagePosition | undefined = from;
  for (let step = 0; step < MAX_STEPS && ids.length < question.limit && position; step += 1) {
    const { place }: PagePosition = position;
    const found = await walkOne(asking, position, question.limit - ids.length);
    ids.push(...found.ids);
    // The index of a tag holds them all.
    const isLast = place + 1 === places.length || (question.tag !== undefined && place === 0);
    const following: PagePosition | undefined = isLast
      ? undefined
      : { place: place + 1, at: undefined, below: 0 };
    position = found.next ? { place, at: found.next, below: found.below } : following;
  }
  return { ids, next: position };
}

function walkOne(
  { connection, question, places }: Asking,
  { place, at, below }: PagePosition,
  room: number,
): Promise<Step<NonNullable<PagePosition['at']>>> {
  const { kind, key } = places[place] as Place;
  const { prefix } = connection;
  const isTag = question.tag !== undefined && place === 0;
  const filter = filterOf(prefix, question, isTag);
  const walk = { key, base: queueKey(prefix, question.queue, ''), below, room, filter };
  if (kind === 'list')
    return walkList(connection, { ...walk, from: at as ListPosition | undefined });
  return walkSet(connection, { ...walk, from: at && isSetPosition(at) ? at : undefined });
}
