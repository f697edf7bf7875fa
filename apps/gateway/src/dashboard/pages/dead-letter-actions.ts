import { GoflowError } from '@goflow/shared';
import type { BulkPlan, BulkRuns } from '../bulk-runs.js';
import type { Action, ActionDone, ActionRequest } from '../page.js';
import { pathOf } from '../parts/href.js';
import { letterFilterOf, letterSearchOf } from './dead-letter-search.js';

/** What is done to groups of dead letters. */
export function deadLetterActions(runs: BulkRuns): readonly Action[] {
  const start = async (request: ActionRequest, kind: BulkPlan['kind']): Promise<ActionDone> => {
    const run = await runs.start(planOf(request, kind));
    // The page itself tells how far it is.
    return { back: backOf(request), notice: typeof run === 'string' ? REFUSED[run] : undefined };
  };
  return [
    {
      path: '/dead-letters/redrive',
      role: 'operate',
      run: (request) => start(request, 'redrive'),
    },
    {
      path: '/dead-letters/discard',
      role: 'operate',
      run: (request) => start(request, 'discard'),
    },
    {
      path: '/dead-letters/runs/:id/stop',
      role: 'operate',
      run: async ({ params: { id = '' } }) => {
        return { back: '/dead-letters', notice: STOPPED[await runs.stop(id)] };
      },
    },
  ];
}

const REFUSED = {
  'one at a time': 'This group is being worked on already: how far it is stands below.',
  'too many': 'Several groups are being worked on already: wait for one of them, or stop it.',
} as const;

/** Where the button was, with the filters that stood there. */
function backOf({ form }: ActionRequest): string {
  const shown = Object.fromEntries(new URLSearchParams(form.shown));
  return pathOf('/dead-letters', { ...letterSearchOf(shown) });
}

const STOPPED = {
  stopped: undefined,
  asked: 'It is done by another gateway, which was told to stop.',
  over: 'It had ended before.',
} as const;

/** Only whole groups, and only as they were counted. @throws REQUEST_INVALID */
function planOf({ form, by }: ActionRequest, kind: BulkPlan['kind']): BulkPlan {
  const filter = letterFilterOf(letterSearchOf(form));
  const { fingerprint, until, type = '' } = filter;
  if (!fingerprint || !until)
    throw new GoflowError('REQUEST_INVALID', 'a group and the time of its count have to be said');
  const rate = Number(form.rate ?? 100);
  if (!Number.isInteger(rate) || rate < 1 || rate > 100_000)
    throw new GoflowError('REQUEST_INVALID', 'the rate is a whole number from 1 to 100,000');
  return { kind, filter: { ...filter, fingerprint, until }, of: type, rate, by };
}
