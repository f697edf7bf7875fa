import type { ConcurrencyScope } from '@goflow/sdk';
import { GoflowError, isGoflowError } from '@goflow/shared';
import type { GatewayDeps } from '../../gateway-deps.js';
import type { FleetWatch } from '../fleet/fleet-watch.js';
import type { Action } from '../page.js';
import { oneLine } from '../parts/foreign.js';
import { type ConcurrencyForm, PATH, scopeOf, spellScope } from './concurrency.js';
import { workersBody } from './workers.js';

/** Setting the concurrency of a scope, and taking it back. */
export function concurrencyActions({ goflow }: GatewayDeps, watch: FleetWatch): readonly Action[] {
  const set: Action = {
    path: PATH,
    role: 'operate',
    run: async (request) => {
      const form = scopeOf(request.form);
      try {
        const scope = readScope(form);
        const concurrency = readNumber(form.concurrency);
        await goflow.fleet.setConcurrency(concurrency, { ...scope, by: request.by });
        watch.forget();
        return { back: '/workers', notice: `${spellScope(scope)}: ${concurrency} at once.` };
      } catch (error) {
        if (!isGoflowError(error, 'OPTION_INVALID')) throw error;
        const body = workersBody(await watch.look(), request, { form, wrong: error.message });
        return { again: { title: 'Workers', body, isFinal: true }, section: 'workers' };
      }
    },
  };
  const reset: Action = {
    path: `${PATH}/reset`,
    role: 'operate',
    run: async ({ form, by }) => {
      const scope = readScope(scopeOf(form));
      const { changed } = await goflow.fleet.resetConcurrency({ ...scope, by });
      watch.forget();
      const notice = changed ? 'as they were started, or another rule wants' : 'there was no rule';
      return { back: '/workers', notice: `${spellScope(scope)}: ${notice}.` };
    },
  };
  return [set, reset];
}

function readScope({ queue, labels }: ConcurrencyForm): ConcurrencyScope {
  return { ...(queue && { queue }), ...(labels && { labels: readLabels(labels) }) };
}

function readLabels(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').map((pair) => pair.trim());
  const wrong = pairs.find((pair) => !/^[^=]+=[^=]+$/.test(pair));
  if (wrong !== undefined)
    throw new GoflowError(
      'OPTION_INVALID',
      `labels are written key=value, not "${oneLine(wrong)}"`,
    );
  return Object.fromEntries(pairs.map((pair) => pair.split('=').map((word) => word.trim())));
}

/** An empty text is no 0. */
const readNumber = (text: string): number => (/^\d{1,9}$/.test(text) ? Number(text) : Number.NaN);
