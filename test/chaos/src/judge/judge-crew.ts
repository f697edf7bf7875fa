import { readFileSync } from 'node:fs';
import type { Crew } from '../system/crew.js';
import type { Member } from '../system/member.js';
import type { Breach } from './breach.js';

/** Beside the lines about single tasks. More than this, and a log fills a disk while Redis is away. */
const MAX_LINES_PER_S = 20;

/** What processes did that they should not: they ended by themselves, did not stop, or flooded their log. */
export function judgeCrew({ badEnds, all }: Crew): Breach[] {
  const ends = badEnds.map(({ name, what }) => ({
    kind: what.startsWith('did not stop') ? 'does-not-stop' : 'bad-end',
    what: `${name} ${what}`,
  }));
  return [...ends, ...all.flatMap(judgeLog)];
}

function judgeLog({ name, log }: Member): Breach[] {
  const perSecond = new Map<string, number>();
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const second = /"time":"([^".]+)/.exec(line)?.[1];
    if (second === undefined || line.includes('"taskId"')) continue;
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  const most = Math.max(0, ...perSecond.values());
  if (most <= MAX_LINES_PER_S) return [];
  return [{ kind: 'log-flood', what: `${name} wrote ${most} lines in one second` }];
}
