import { type KeepJobs, type MinimalJob, RedisQueueBackend } from 'bullmq';

/** BullMQ's own backend, but results come already encoded: the worker has encoded each once, and checked it so. */
export class JsonBackend extends RedisQueueBackend {
  override async moveToCompleted<T, R, N extends string>(
    job: MinimalJob<T, R, N>,
    resultJson: R,
    keep: boolean | number | KeepJobs,
    token: string,
    fetchNext: boolean,
  ): Promise<{ result: unknown[] | undefined; finishedOn: number }> {
    const args = this.moveToCompletedArgs(job, resultJson, keep, token, fetchNext);
    const result = await this.moveToFinished(job.id ?? '', args);
    return {
      result: result as unknown[] | undefined,
      finishedOn: Number(args[this.moveToFinishedKeys.length + 1]),
    };
  }
}
