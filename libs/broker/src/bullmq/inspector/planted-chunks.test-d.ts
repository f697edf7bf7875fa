// No test: the chunks that the tests beside plant in Redis. Named so that it is left out of what is built.
import type { Planted } from './planted-jobs.test-d.js';

/** What became of one of its tasks. `left`: it is a job of its own now, or was. */
export type InChunk = 'completed' | 'left' | 'open';

/** What a planted chunk is, where it is not as usual. */
export interface PlantedChunk {
  readonly unique?: string;
  readonly type?: string;
  readonly pushedAt?: number;
  readonly options?: object;
  readonly fields?: Readonly<Record<string, string | number>>;
  readonly in: 'wait' | 'prioritized' | 'delayed' | 'active' | 'completed';
  /** When it is due, or ended, in ms. Default: 5,000. */
  readonly at?: number;
  /** By index. None completed after one that is open. */
  readonly tasks: readonly InChunk[];
  /** Default: true. */
  readonly isCounted?: boolean;
}

/** The times of results count from here. Task `i` began 10 ms times i later, and ran for 5 ms. */
export const SINCE = 2_000;

/** Puts a chunk into the queue, with what is known of its tasks, and into the count. Its payloads are `"p0"`, `"p1"` … */
export async function plantChunk(planted: Planted, chunk: PlantedChunk): Promise<string> {
  const { redis } = planted;
  const { tasks, isCounted = true } = chunk;
  const open = tasks.filter((task) => task === 'open').length;
  const completed = tasks.filter((task) => task === 'completed').length;
  const count = isCounted ? { o: open, d: completed } : {};
  const fields = { ...fieldsOf(tasks), ...endOf(chunk), ...count, ...chunk.fields };
  const options = { ...chunk.options, c: tasks.length };
  const unique = await planted.job({ ...chunk, options, fields });
  await putInto(planted, chunk, unique);
  if (!isCounted) return unique;
  const counts = open > 0 ? { jobs: 1, open } : { jobs: 0, finished: 1 };
  for (const [name, by] of Object.entries({ ...counts, completed }))
    await redis.hincrby(planted.key('chunks'), name, by);
  return unique;
}

function fieldsOf(tasks: readonly InChunk[]): Record<string, string | number> {
  const first = tasks.indexOf('open');
  const saved = first === -1 ? tasks.length : first;
  const lines = tasks
    .slice(0, saved)
    .map((task, index) => (task === 'left' ? '-\n' : `${index * 10},5 {"n":${index}}\n`));
  const left = tasks.flatMap((task, index) => (task === 'left' ? [[`x${index}`, 1]] : []));
  return {
    data: `[\n${tasks.map((_, index) => `"p${index}"`).join(',\n')}\n]`,
    ...(saved > 0 ? { k: saved, r: lines.join(''), t0: SINCE } : {}),
    ...(Object.fromEntries(left) as Record<string, number>),
  };
}

function endOf({ in: place, at = 5_000 }: PlantedChunk): Record<string, string | number> {
  if (place === 'active') return { processedOn: 1_900, ats: 1, pb: 'w1' };
  if (place !== 'completed') return {};
  return { processedOn: 1_900, ats: 1, pb: 'w1', finishedOn: at, returnvalue: 'null ' };
}

async function putInto(
  planted: Planted,
  { in: place, at = 5_000 }: PlantedChunk,
  unique: string,
): Promise<void> {
  const { redis } = planted;
  const key = planted.key(place);
  if (place === 'wait' || place === 'active') await redis.lpush(key, unique);
  else await redis.zadd(key, place === 'delayed' ? at * 0x1000 : at, unique);
  if (place === 'active') await redis.set(planted.key(`${unique}:lock`), 'token', 'PX', 60_000);
  if (place === 'delayed') await redis.sadd(planted.key('chunks-delayed'), unique);
}

/** As many tasks as that, all alike. */
export const all = (task: InChunk, count: number): InChunk[] => Array<InChunk>(count).fill(task);
