import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { BoardQueues } from '@goflow/broker/board';
import { decodeLogLine, parseTaskId, taskIdOf } from '@goflow/shared';
import { hrefOf, taskPath } from '../parts/href.js';
import { type JobDeps, type JobJson, redactJob } from './redacted-job.js';

/** A page of its list shows 10; whoever asks for more could ask for all. */
const MAX_JOBS = 100;

type Job = Awaited<ReturnType<BullMQAdapter['getJobs']>>[number];

/** A queue on bull-board: to be looked at only, and with its tasks as goflow shows them. */
export class BoardQueue extends BullMQAdapter {
  readonly #deps: JobDeps;
  readonly #queue: string;

  constructor(queue: string, queues: BoardQueues, deps: JobDeps) {
    super(queues.of(queue), {
      readOnlyMode: true,
      description: 'Acting is for goflow’s own pages: this one only shows.',
      externalJobUrl: ({ id }) => linkOf(queue, String(id)),
    });
    this.#queue = queue;
    this.#deps = deps;
  }

  /** BullMQ has it in braces. */
  override getName(): string {
    return this.#queue;
  }

  override async getJob(id: string): Promise<Job | undefined> {
    const job = await super.getJob(id);
    return job && this.#redacted(job as Job);
  }

  override async getJobs(
    ...[states, first = 0, last = MAX_JOBS]: Parameters<BullMQAdapter['getJobs']>
  ): Promise<Job[]> {
    const jobs = await super.getJobs(states, first, Math.min(last, first + MAX_JOBS - 1));
    return Promise.all(jobs.map((job) => this.#redacted(job)));
  }

  /** What they push is none of goflow's: nothing says what of it may be shown. */
  override async getJobSchedulers(): ReturnType<BullMQAdapter['getJobSchedulers']> {
    const schedulers = await super.getJobSchedulers();
    return schedulers.map(({ template: _hidden, ...scheduler }) => scheduler);
  }

  /** Lines as goflow stores them are JSON. */
  override async getJobLogs(id: string): Promise<string[]> {
    const lines = await super.getJobLogs(id);
    return lines.map((line) => {
      const entry = decodeLogLine(line);
      return entry ? `${entry.at.toISOString()} ${entry.level} ${entry.message}` : line;
    });
  }

  async #redacted(job: Job): Promise<Job> {
    const stored = job.toJSON();
    const redacted = await redactJob(stored as JobJson, this.#queue, this.#deps);
    return Object.assign(job, { toJSON: () => ({ ...stored, ...redacted }) });
  }
}

function linkOf(queue: string, unique: string): { displayText: string; href: string } {
  const id = taskIdOf(queue, unique);
  const isTask = parseTaskId(id) !== undefined;
  return {
    displayText: isTask ? 'The task, in goflow' : 'The queue, in goflow',
    href: isTask ? hrefOf(taskPath(id)) : hrefOf('/queues'),
  };
}
