import {
  type Cipher,
  type Clock,
  compressJson,
  encodeJson,
  GoflowError,
  isCompressed,
  type Logger,
  type ParseSubject,
  parse,
  type TakenTask,
  type TaskContract,
  type Tasks,
  type Verdict,
} from '@goflow/shared';
import type { AnyHandler } from '../handlers/handler.js';
import type { AttemptTraces } from './attempt-traces.js';
import {
  handBackNewer,
  isSealed,
  notOpened,
  openPayload,
  sealResult,
  sealVerdict,
} from './envelope.js';
import type { ResultKeeper } from './keep-result.js';
import { breach, failedFor, outcomeOf, timeOver } from './outcomes.js';
import { handBackMissing, type Routing } from './routing.js';
import { RunningContext } from './task-context.js';

/** What running a task needs. */
export interface ExecutionDeps {
  readonly tasks: Tasks;
  readonly clock: Clock;
  /** The handler of a type with the middleware around it; undefined when this worker has none. */
  readonly handlerOf: (type: string) => AnyHandler | undefined;
  readonly routing: Routing;
  readonly logger: Logger;
  /** Bytes of JSON. */
  readonly resultLimit: number;
  /** Results of more bytes of JSON are compressed; infinity: none. */
  readonly compressAbove: number;
  /** Encrypts and decrypts; `undefined`: nothing is encrypted, and what is cannot be read. */
  readonly cipher: Cipher | undefined;
  /** The newest version of an envelope that is read here. */
  readonly envelopeVersion: number;
  /** Where results go that do not stay with their task. */
  readonly results: ResultKeeper | undefined;
  /** `undefined`: attempts are not traced. */
  readonly traces?: AttemptTraces | undefined;
  /** Told of an attempt that timed out while its handler goes on, a second after that. */
  readonly onAbandoned: (task: TakenTask) => void;
}

/**
 * The heart of the worker. Look up, decrypt, expand, parse, middleware and handler, parse the result, compress, encrypt, outcome. It never
 * throws: whatever happens in there is a verdict, as it is to be stored.
 */
export function executeTask(task: TakenTask, deps: ExecutionDeps): Promise<Verdict> {
  const { cipher, traces } = deps;
  const verdict = traces ? traces.run(task, () => execute(task, deps)) : execute(task, deps);
  return cipher ? verdict.then((one) => sealVerdict(one, task, cipher)) : verdict;
}

function execute(task: TakenTask, deps: ExecutionDeps): Promise<Verdict> {
  const { envelopeVersion } = task;
  // Before anything else is made of it: all may mean something else there.
  if (envelopeVersion !== undefined && envelopeVersion > deps.envelopeVersion)
    return Promise.resolve(handBackNewer(task));
  if (!task.readable || typeof task.type !== 'string' || task.type === '')
    return Promise.resolve(unreadable(task));
  const contract = deps.tasks.contracts.get(task.type);
  const handler = deps.handlerOf(task.type);
  if (!contract || !handler) return handBackMissing(task, deps.routing);
  const over = timeOver(task, deps.clock.now());
  if (over) return Promise.resolve({ ...over, isUnspent: true });
  const { payload } = task;
  const run: Run = { task, contract, handler, payload, deps };
  return isCompressed(payload) || isSealed(task, deps.cipher) ? openAndAttempt(run) : attempt(run);
}

interface Run {
  readonly task: TakenTask;
  readonly contract: TaskContract;
  readonly handler: AnyHandler;
  /** As it was pushed. */
  readonly payload: unknown;
  readonly deps: ExecutionDeps;
}

/** Only payloads that are compressed or encrypted come this way: the others take no further promise. */
async function openAndAttempt(run: Run): Promise<Verdict> {
  let payload: unknown;
  try {
    payload = await openPayload(run.task, run.deps.cipher);
  } catch (error) {
    return notOpened(error, run.task);
  }
  return run.task.isAborted ? ENDED_OTHERWISE : attempt({ ...run, payload });
}

/** It was cancelled meanwhile, or its worker leaves: this verdict is dropped. */
const ENDED_OTHERWISE: Verdict = { kind: 'handed-back', reason: 'stopping', delayMs: 0 };

function attempt(run: Run): Promise<Verdict> {
  const { task, contract, deps } = run;
  const { clock, logger, traces } = deps;
  const ctx = new RunningContext(task, contract, deps);
  return new Promise((resolve) => {
    const settle = (verdict: Verdict): void => {
      clock.cancel(timer);
      ctx.end();
      resolve(verdict);
    };
    const onTimeUp = (): void => {
      if (!task.isAborted) tellIfAbandoned(attempted, run);
      settle(timeUp(task, contract, deps));
    };
    const timer = clock.after(limitMs(task, contract, clock), onTimeUp);
    const attempted = runAttempt(ctx, run).then(settle, (thrown: unknown) =>
      settle(outcomeOf(thrown, { task, contract, clock, logger, traces })),
    );
  });
}

/** For so long a handler whose attempt timed out may tidy up. One that goes on for longer does not heed the signal. */
const HEED_MS = 1_000;

function tellIfAbandoned(attempted: Promise<void>, { task, deps }: Run): void {
  const timer = deps.clock.after(HEED_MS, () => deps.onAbandoned(task));
  void attempted.then(() => deps.clock.cancel(timer));
}

function unreadable({ id }: TakenTask): Verdict {
  const message = `the job ${id} is no task: its data or its name cannot be read`;
  return { ...failedFor('ENVELOPE_UNREADABLE', message), isUnspent: true };
}

/** How long this attempt may run: its timeout, or what is left to the deadline. */
function limitMs(task: TakenTask, contract: TaskContract, clock: Clock): number {
  const timeoutMs = task.timeoutMs ?? contract.timeoutMs;
  const { deadline } = task;
  return deadline === undefined
    ? timeoutMs
    : Math.max(Math.min(timeoutMs, deadline - clock.now()), 0);
}

/** The signal aborts and the slot is free, though the handler may go on: what it still returns or throws is dropped. */
function timeUp(task: TakenTask, contract: TaskContract, deps: ExecutionDeps): Verdict {
  if (task.isAborted) return ENDED_OTHERWISE;
  const { clock, logger, traces } = deps;
  const over = timeOver(task, clock.now());
  const timeoutMs = task.timeoutMs ?? contract.timeoutMs;
  const message = `attempt ${task.attempt} ran longer than ${timeoutMs} ms`;
  const error = new GoflowError('TASK_TIMEOUT', message);
  task.abort(over ? new GoflowError('TASK_DEADLINE', over.failure.message) : error);
  return over ?? outcomeOf(error, { task, contract, clock, logger, traces });
}

async function runAttempt(
  ctx: RunningContext,
  { task, contract, handler, payload, deps }: Run,
): Promise<Verdict> {
  const about = aboutOf(contract);
  const input = parseStage(contract.payload, payload, about.payload);
  // Waiting for what is no promise costs, and most schemas are synchronous.
  const returned = await handler(input instanceof Promise ? await input : input, ctx);
  const parsed = parseStage(contract.result, returned, about.result);
  const result = parsed instanceof Promise ? await parsed : parsed;
  const { results, resultLimit, compressAbove, cipher } = deps;
  const limitBytes = results ? results.limitBytes : resultLimit;
  const json = encodeResult(result, about.resultSubject, limitBytes);
  if (json === undefined) return { kind: 'completed', resultJson: json };
  const compressed = compressJson(json, compressAbove);
  const plain = typeof compressed === 'string' ? compressed : await compressed;
  const resultJson = sealResult(plain, task, cipher);
  return results
    ? results.keep(task, resultJson, contract.retention)
    : { kind: 'completed', resultJson };
}

/** What a type's stages are called in errors: made once a type, not once a task. */
interface About {
  readonly payload: ParseSubject;
  readonly result: ParseSubject;
  readonly resultSubject: string;
}

const abouts = new WeakMap<TaskContract, About>();

function aboutOf(contract: TaskContract): About {
  const known = abouts.get(contract);
  if (known) return known;
  const resultSubject = `result of ${contract.type}`;
  const about: About = {
    payload: {
      code: 'PAYLOAD_INVALID',
      subject: `payload of ${contract.type}`,
      redact: contract.redact,
    },
    result: { code: 'RESULT_INVALID', subject: resultSubject },
    resultSubject,
  };
  abouts.set(contract, about);
  return about;
}

function parseStage(schema: TaskContract['payload'], value: unknown, about: ParseSubject): unknown {
  try {
    const parsed = parse(schema, value, about);
    return parsed instanceof Promise ? parsed.catch(breach) : parsed;
  } catch (cause) {
    return breach(cause);
  }
}

/** A handler that returns nothing has the result `undefined`, which JSON cannot say. */
function encodeResult(result: unknown, subject: string, limitBytes: number): string | undefined {
  if (result === undefined) return undefined;
  try {
    const [notSerializable, tooLarge] = ['RESULT_NOT_SERIALIZABLE', 'RESULT_TOO_LARGE'] as const;
    return encodeJson(result, { subject, notSerializable, tooLarge, limitBytes });
  } catch (cause) {
    return breach(cause);
  }
}
