import { GoflowError } from '@goflow/shared';
import type { RunCommand } from '../../command.js';
import { EXIT } from '../../exit-code.js';
import { withIso } from '../../terminal/iso.js';
import { ago } from '../../terminal/times.js';
import { byOf, scopeOf, spellScope } from './scope.js';
import { showWorkers } from './workers.js';

/** `goflow concurrency get` */
export const get: RunCommand = async (_args, _options, { connect, out }) => {
  const { broker, goflow } = await connect();
  const [rules, workers] = await Promise.all([goflow.fleet.rules(), goflow.inspector.workers()]);
  if (out.json) {
    out.document({ rules: rules.map((rule) => withIso(rule, 'at')), workers });
    return EXIT.done;
  }
  const now = broker.clock.now();
  out.rows(
    rules,
    [
      { title: 'DESIRED', align: 'right', text: ({ concurrency }) => String(concurrency) },
      { title: 'OF', text: spellScope },
      { title: 'BY', text: ({ by }) => by },
      { title: 'SINCE', text: ({ at }) => ago(at, now) },
    ],
    'nothing was said: each worker has what it was started with',
  );
  out.line();
  showWorkers(workers, out, { now });
  return EXIT.done;
};

/** `goflow concurrency set <n>` */
export const set: RunCommand = async ([size = ''], options, { connect, out }) => {
  if (!/^\d+$/.test(size))
    throw new GoflowError(
      'OPTION_INVALID',
      `<n>: expected a whole number, 0 to 10000, got "${size}"`,
    );
  const scope = scopeOf(options);
  const { goflow } = await connect();
  const concurrency = Number(size);
  const { before } = await goflow.fleet.setConcurrency(concurrency, { ...scope, ...byOf(options) });
  out.answer({ ...scope, concurrency, before }, () => [
    `${spellScope(scope)}: ${concurrency}${before === undefined ? '' : ` (was ${before})`}`,
  ]);
  return EXIT.done;
};

/** `goflow concurrency reset` */
export const reset: RunCommand = async (_args, options, { connect, out }) => {
  const scope = scopeOf(options);
  const { goflow } = await connect();
  const change = await goflow.fleet.resetConcurrency({ ...scope, ...byOf(options) });
  out.answer({ ...scope, ...change }, () => [
    change.changed
      ? `${spellScope(scope)}: no longer ${change.before}`
      : `${spellScope(scope)}: nothing was said`,
  ]);
  return change.changed ? EXIT.done : EXIT.notFound;
};
