import {
  type Cipher,
  type Clock,
  type ClockTimer,
  encodeJson,
  encryptLine,
  GoflowError,
  type Logger,
  parse,
  protectJson,
  redactLogFields,
  type TakenTask,
  type TaskContract,
  type TaskLogEntry,
  toFailure,
} from '@goflow/shared';
import type { TaskLog, TaskLogLine } from '../handlers/task-log.js';
import type { AttemptTraces } from './attempt-traces.js';
import { taskFields } from './task-fields.js';

/** What is told within this time is told at once: a handler may report thousands of times a second. */
const EVERY_MS = 200;
const MAX_LINES = 100;
/** So that lines of a later start have higher numbers. */
const LINES_PER_START = 1_000_000;
const MAX_MESSAGE = 1_000;
const MAX_FIELDS = 2_048;
const MAX_PROGRESS_BYTES = 65_536;
/** Kept with the task; `debug` is for the worker's own log. */
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

/** What a report needs of its worker. */
export interface ReportDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** What is kept with the task is encrypted with it. */
  readonly cipher?: Cipher | undefined;
  readonly traces?: AttemptTraces | undefined;
}

/** What a handler tells while it runs: progress, of which the last counts, and log lines. Told at once, then every 200 ms. */
export class TaskReport {
  readonly log: TaskLog;
  readonly #task: TakenTask;
  readonly #contract: TaskContract;
  readonly #logger: Logger;
  #progressJson: string | undefined;
  #lines: TaskLogEntry[] = [];
  #seq: number;
  readonly #clock: Clock;
  readonly #cipher: Cipher | undefined;
  #timer: ClockTimer;
  #ended = false;

  constructor(task: TakenTask, contract: TaskContract, deps: ReportDeps) {
    const { clock, logger, cipher, traces } = deps;
    this.#clock = clock;
    this.#cipher = cipher;
    this.#seq = task.starts * LINES_PER_START;
    this.#task = task;
    this.#contract = contract;
    this.#logger = logger.child(taskFields(task, traces));
    this.log = this.#logOf(this.#logger, {});
  }

  /** @throws PROGRESS_INVALID */
  async progress(value: unknown): Promise<void> {
    const { progress: schema, type } = this.#contract;
    const subject = `progress of ${type}`;
    const about = { code: 'PROGRESS_INVALID', subject } as const;
    const parsed = schema ? await parse(schema, value, about) : value;
    if (parsed === undefined)
      throw new GoflowError('PROGRESS_INVALID', `${subject}: nothing given`);
    const json = encodeJson(parsed, {
      subject,
      notSerializable: 'PROGRESS_INVALID',
      tooLarge: 'PROGRESS_INVALID',
      limitBytes: MAX_PROGRESS_BYTES,
    });
    const place = { kind: 'progress', type, id: this.#task.id } as const;
    this.#progressJson = protectJson(json, place, this.#cipher);
    this.#tell();
  }

  /** Tells the rest. Again for a handler that ends after its attempt: what it told meanwhile is not its task's any more. */
  end(): void {
    if (this.#ended) return;
    this.#clock.cancel(this.#timer);
    this.#timer = undefined;
    this.#send();
    this.#ended = true;
  }

  #tell(): void {
    if (this.#timer !== undefined || this.#ended) return;
    this.#send();
    this.#timer = this.#clock.after(EVERY_MS, () => {
      this.#timer = undefined;
      if (this.#progressJson !== undefined || this.#lines.length > 0) this.#tell();
    });
  }

  /** Not awaited: an attempt goes on without its report, and the order is kept by the connection. */
  #send(): void {
    const [progressJson, log] = [this.#progressJson, this.#lines];
    if (progressJson === undefined && log.length === 0) return;
    this.#progressJson = undefined;
    this.#lines = [];
    this.#task
      .report({ progressJson, log })
      .catch((error: unknown) => this.#logger.debug(whyOf(error), 'a report was lost'));
  }

  #logOf(logger: Logger, bound: object): TaskLog {
    const shown = (fields: object) => redactLogFields(fields, this.#contract.redact);
    const line =
      (level: Level): TaskLogLine =>
      (first: object | string, second?: string) => {
        const [given, message] = typeof first === 'string' ? [{}, first] : [first, second];
        const fields = shown(given);
        logger[level](fields, message);
        if (level !== 'debug') this.#keep(level, { ...bound, ...fields }, message ?? '');
      };
    return {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      child: (given) => {
        const fields = shown(given);
        return this.#logOf(logger.child(fields), { ...bound, ...fields });
      },
    };
  }

  #keep(level: Level, fields: object, message: string): void {
    if (this.#ended) return;
    const plain = plainOf(fields);
    this.#seq += 1;
    const kept: TaskLogEntry = {
      at: new Date(this.#clock.now()),
      level,
      message: message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 1)}…` : message,
      attempt: this.#task.attempt,
      seq: this.#seq,
      ...(plain === undefined ? {} : { fields: plain }),
    };
    const cipher = this.#cipher;
    this.#lines.push(cipher?.writes ? encryptLine(kept, this.#task, cipher) : kept);
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
    this.#tell();
  }
}

/** Not the error itself: one of Redis has with it what it was sent. */
const whyOf = (error: unknown): object => ({ failure: toFailure(error, 'BROKER_UNAVAILABLE') });

/** Fields as plain JSON; `undefined` where there are none, or they are too large or none. */
function plainOf(fields: object): unknown {
  try {
    const text = JSON.stringify(fields);
    return text === '{}' || text.length > MAX_FIELDS ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
