import { invalidOption, type PushOptions, resolvePushOptions, toMs } from '@goflow/shared';
import type { GivenOptions } from '../../command.js';
import { namedByFlag, numberOf, textOf, textsOf, toDuration, toTime } from '../../input/given.js';
import { parseJson } from '../../input/parse-json.js';

/** By the name of the option. */
const FLAGS: Readonly<Record<string, string>> = {
  delay: '--delay',
  runAt: '--run-at',
  priority: '--priority',
  maxAttempts: '--max-attempts',
  backoff: '--backoff',
  'backoff.delay': '--backoff',
  timeout: '--task-timeout',
  deadline: '--deadline',
  startBy: '--start-by',
  tags: '--tag',
  id: '--id',
  deduplicationKey: '--deduplication-key',
  deduplicationWindow: '--throttle',
  'deduplicationWindow.throttle': '--throttle',
  'deduplicationWindow.debounce': '--debounce',
  'retention.completed': '--retention-completed',
  'retention.failed': '--retention-failed',
  traceparent: '--traceparent',
};

/** The options of a push that were given, checked. @throws OPTION_INVALID naming the flag */
export function pushOptionsOf(options: GivenOptions): PushOptions {
  const duration = (name: string) => {
    const text = textOf(options, name);
    return text === undefined ? undefined : toDuration(text);
  };
  const runAt = textOf(options, 'runAt');
  checkWindowHasKey(options);
  const given = {
    delay: duration('delay'),
    runAt: runAt === undefined ? undefined : toTime('--run-at', runAt),
    priority: numberOf(options, 'priority'),
    maxAttempts: numberOf(options, 'maxAttempts'),
    backoff: backoffOf(textOf(options, 'backoff')),
    timeout: duration('taskTimeout'),
    deadline: duration('deadline'),
    startBy: duration('startBy'),
    tags: textsOf(options, 'tag'),
    id: textOf(options, 'id'),
    deduplicationKey: textOf(options, 'deduplicationKey'),
    deduplicationWindow: windowOf(duration('throttle'), duration('debounce')),
    retention: retentionOf(duration('retentionCompleted'), duration('retentionFailed')),
    traceparent: textOf(options, 'traceparent'),
  };
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  const push = Object.fromEntries(known) as PushOptions;
  try {
    resolvePushOptions(push);
  } catch (error) {
    throw namedByFlag(error, FLAGS);
  }
  return push;
}

function backoffOf(text: string | undefined): PushOptions['backoff'] {
  if (text === undefined) return undefined;
  if (text.startsWith('{'))
    return parseJson(text, { name: '--backoff', isArgument: true }) as never;
  const [, type, delay] = /^(fixed|exponential):(.+)$/.exec(text) ?? [];
  if (type === undefined || delay === undefined) return toDuration(text);
  return { type: type as 'fixed' | 'exponential', delay: toDuration(delay) };
}

/** Said by flags here: the option is one, and has no flag of its name. */
function checkWindowHasKey(options: GivenOptions): void {
  for (const name of ['throttle', 'debounce'] as const)
    if (options[name] !== undefined && options.deduplicationKey === undefined)
      throw invalidOption(`--${name}`, 'given with --deduplication-key', options[name]);
}

type Given = ReturnType<typeof toDuration> | undefined;

function windowOf(throttle: Given, debounce: Given): PushOptions['deduplicationWindow'] {
  if (throttle !== undefined && debounce !== undefined)
    throw invalidOption('--debounce', 'left out where --throttle is given', debounce);
  if (throttle !== undefined) return { throttle };
  return debounce === undefined ? undefined : { debounce };
}

function retentionOf(completed: Given, failed: Given): PushOptions['retention'] {
  if (completed === undefined && failed === undefined) return undefined;
  return {
    ...(completed === undefined ? {} : { completed }),
    ...(failed === undefined ? {} : { failed }),
  };
}

/** How long a task is waited for. */
export interface Patience {
  /** Milliseconds; `undefined`: as long as the command says by itself. */
  readonly ms: number | undefined;
}

/** What `--wait [duration]` said; `undefined` where it was not given. @throws OPTION_INVALID */
export function patienceOf(given: GivenOptions[string]): Patience | undefined {
  if (given === undefined || given === false) return undefined;
  if (given === true) return { ms: undefined };
  const text = String(given);
  // Commander takes the next word for it, whatever it is.
  if (!/^\d/.test(text))
    throw invalidOption('--wait', 'a duration, written `--wait=30s`, or the last word', text);
  return { ms: toMs('--wait', toDuration(text), { minMs: 1 }) };
}
