import {
  contractOf,
  ENCRYPTED_VERSION,
  encryptJson,
  invalidOption,
  parseTaskId,
  type TaskDetail,
  type TaskState,
} from '@goflow/shared';
import { checkId } from '../check-id.js';
import { Opener } from '../opener.js';
import { Seal } from '../seal.js';
import { type BulkPlan, type BulkReport, BulkRun, type BulkTally } from './bulk-run.js';
import { checkOptions } from './check-options.js';
import {
  type DiscardAllOptions,
  type DiscardProgress,
  type DiscardReport,
  type GroupOptions,
  type RedriveAllOptions,
  type RedriveOptions,
  type RedriveProgress,
  type RedriveReport,
  resolveDiscardAllOptions,
  resolveGroupOptions,
  resolveRedriveAllOptions,
} from './dead-letter-options.js';
import { type DeadLetterFilter, deadLetterQuestionOf } from './filter.js';
import type {
  Discarded,
  GoflowDeadLetters,
  GroupedDeadLetters,
  Redriven,
} from './goflow-inspector.js';
import { DeadLetterGroups } from './groups.js';
import { type InspectorDeps, placesOf } from './inspector-deps.js';
import { Pace } from './pace.js';
import { listTasks, type TaskList } from './task-list.js';
import { toSummary } from './task-summary.js';
import { type TaskSource, walk } from './walk.js';

/** Read ahead is what a second takes: of older pages somebody else may have redriven some, and they have failed anew. */
const READ_AHEAD = { least: 50, most: 250 };

/** Tasks that failed for good. {@link GoflowDeadLetters} tells what each method does. */
export class DeadLetters implements GoflowDeadLetters {
  readonly #deps: InspectorDeps;
  readonly #source: TaskSource;

  constructor(deps: InspectorDeps) {
    this.#deps = deps;
    const opener = new Opener(deps.cipher);
    this.#source = { broker: deps.broker.inspector, isOver: deps.isOver, opener };
  }

  async list(filter: DeadLetterFilter = {}, cursor?: string, limit?: number): Promise<TaskList> {
    const question = deadLetterQuestionOf(filter, placesOf(this.#deps));
    return listTasks(this.#source, question, { cursor, limit });
  }

  async groups(
    filter: DeadLetterFilter = {},
    options: GroupOptions = {},
  ): Promise<GroupedDeadLetters> {
    const question = deadLetterQuestionOf(filter, placesOf(this.#deps));
    const groups = new DeadLetterGroups();
    const { lookedAt, complete } = await walk(this.#source, question, {
      ...resolveGroupOptions(options),
      visit: ({ tasks }) => {
        for (const task of tasks) groups.add(task);
        return !groups.isFull;
      },
    });
    return { groups: groups.list(), examined: lookedAt, complete };
  }

  async redrive(id: string, options: RedriveOptions = {}): Promise<Redriven> {
    checkOptions(options, ['payload']);
    const task = await this.#read(id);
    if (!task || !isOpenToChange(task.state))
      return { id, found: task?.state ?? 'unknown', redriven: false };
    const { payload } = options;
    const stored: Stored = payload === undefined ? [] : await this.#encode(task, payload);
    const { found, done } = await this.#deps.broker.inspector.redrive(id, ...stored);
    return { id, found, redriven: done };
  }

  async redriveAll(
    filter: DeadLetterFilter,
    options: RedriveAllOptions = {},
  ): Promise<RedriveReport> {
    const { rate, payload, limit, signal, onProgress } = resolveRedriveAllOptions(options);
    const { clock, inspector } = this.#deps.broker;
    const report = await this.#run(filter, {
      limit,
      signal,
      pace: new Pace(clock, rate),
      pageSize: Math.min(Math.max(rate, READ_AHEAD.least), READ_AHEAD.most),
      onProgress: onProgress && ((tally) => onProgress(toProgress(tally))),
      act: async (task) => {
        const stored: Stored = payload ? await this.#edit(task, payload) : [];
        const { done } = await inspector.redrive(task.id, ...stored);
        return done;
      },
    });
    const { failed, complete } = report;
    return { ...toProgress(report), failed, complete };
  }

  async discard(id: string): Promise<Discarded> {
    const task = await this.#read(id);
    if (!task || !isOpenToChange(task.state))
      return { id, found: task?.state ?? 'unknown', discarded: false };
    const { found, done } = await this.#deps.broker.inspector.discard(id);
    return { id, found, discarded: done };
  }

  async discardAll(
    filter: DeadLetterFilter,
    options: DiscardAllOptions = {},
  ): Promise<DiscardReport> {
    const { limit, signal, onProgress } = resolveDiscardAllOptions(options);
    const { inspector } = this.#deps.broker;
    const { failed, complete, ...tally } = await this.#run(filter, {
      limit,
      signal,
      onProgress: onProgress && ((now) => onProgress(toDiscarded(now))),
      act: async (task) => (await inspector.discard(task.id)).done,
    });
    return { ...toDiscarded(tally), failed, complete };
  }

  async #run(filter: DeadLetterFilter, plan: BulkPlan): Promise<BulkReport> {
    const question = deadLetterQuestionOf(filter, placesOf(this.#deps));
    checkMeant(filter);
    return new BulkRun(plan, this.#deps.broker.clock).over(this.#source, question);
  }

  async #read(id: string): Promise<TaskDetail | undefined> {
    const task = parseTaskId(checkId(id)) && (await this.#deps.broker.detail(id));
    return task && !this.#deps.isOver(task) ? task : undefined;
  }

  /** A payload that cannot be read here must not be edited: the answer would replace the only one there is. */
  async #edit(task: TaskDetail, edit: NonNullable<RedriveAllOptions['payload']>): Promise<Stored> {
    const payload = await this.#source.opener.payload(task);
    return this.#encode(task, await edit(payload, toSummary(task)));
  }

  /** As a push would. */
  async #encode({ type, id }: TaskDetail, payload: unknown): Promise<Stored> {
    const { tasks, payloadLimit, compressAbove, cipher } = this.#deps;
    const seal = new Seal(contractOf(tasks, type), { payloadLimit, compressAbove });
    const json = await seal.json(payload);
    if (!cipher?.writes) return [json];
    return [encryptJson(json, { kind: 'payload', type, id }, cipher), ENCRYPTED_VERSION];
  }
}

/** A payload, where there is another, and what its reader has to understand. */
type Stored = [payloadJson?: string, envelopeVersion?: number];

/** The result of a completed task is not to be lost by mistake, and what runs is not to run twice. */
function isOpenToChange(state: TaskState): boolean {
  return state === 'failed' || state === 'expired' || state === 'cancelled';
}

function toProgress({ examined, done, skipped, failedCount }: BulkTally): RedriveProgress {
  return { examined, redriven: done, skipped, failedCount };
}

function toDiscarded({ done, ...tally }: BulkTally): DiscardProgress {
  return { ...tally, discarded: done };
}

/** A field that came out `undefined` by mistake must not stand for "all". @throws OPTION_INVALID */
function checkMeant(filter: DeadLetterFilter): void {
  const empty = Object.entries(filter).find(([, value]) => value === undefined);
  if (empty) throw invalidOption(`filter.${empty[0]}`, 'given, or left out', empty[1]);
}
