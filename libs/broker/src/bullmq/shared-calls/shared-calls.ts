import { GoflowError } from '@goflow/shared';
import type { RedisQueueBackend } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { readBullScripts } from './bull-scripts.js';
import { type ForMany, scriptForMany, UnknownScript } from './script-for-many.js';
import type { Sharing } from './shared-call.js';
import { FINISH_MANY, type FinishingWorker, shareFinishes } from './shared-finish.js';
import { ADD_MANY, sharePushes } from './shared-push.js';

/** The only version of BullMQ whose scripts and whose ways of calling them are known here. */
const BULLMQ_VERSION = '6.7.0';

/** What {@link SharedCalls} needs. */
export interface SharedCallsOptions {
  readonly redis: Redis | Cluster;
  /** False: each task has a call of its own. */
  readonly isOn: boolean;
  /** Told, once, why calls are not shared though they were to be. */
  readonly report: (error: unknown) => void;
}

/**
 * Lets the tasks of one turn of the event loop share calls of Redis: a call costs Redis and Node a third of what a task needs, before
 * anything is done. BullMQ's own script text does the work, so what is stored is what BullMQ stores. Where anything is not as expected,
 * BullMQ's own calls are made, one a task. docs/decisions/0010 says more.
 */
export class SharedCalls {
  readonly #options: SharedCallsOptions;
  readonly #sharing: Sharing = {
    isOff: () => this.#isOff,
    giveUp: (why) => this.#giveUp(why),
  };
  #isOff: boolean;

  constructor(options: SharedCallsOptions) {
    this.#options = options;
    this.#isOff = !options.isOn;
  }

  /** Of a client: jobs are added together. */
  ofProducer(backend: RedisQueueBackend): void {
    const call = this.#callOf(backend, ADD_MANY);
    if (call) sharePushes(backend, call, this.#sharing);
  }

  /** Of a worker: jobs are completed, and the next ones taken, together. */
  ofWorker(backend: RedisQueueBackend, worker: FinishingWorker): void {
    const call = this.#callOf(backend, FINISH_MANY);
    if (call) shareFinishes(backend, worker, { call, sharing: this.#sharing });
  }

  /** Undefined when calls are not to be shared. */
  #callOf(backend: RedisQueueBackend, many: ForMany): SharedScriptCall | undefined {
    if (this.#isOff) return undefined;
    const { version } = backend as unknown as { readonly version: unknown };
    try {
      if (version !== BULLMQ_VERSION)
        throw new UnknownScript(`this is BullMQ ${String(version)}, not ${BULLMQ_VERSION}`);
      return this.#define(many);
    } catch (error) {
      this.#giveUp(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  #define(many: ForMany): SharedScriptCall {
    const { redis } = this.#options;
    const name = `goflow:${many.name}`;
    if (!(name in redis)) {
      const script = readBullScripts().get(many.name);
      const lua = scriptForMany(script, many);
      redis.defineCommand(name, { lua, numberOfKeys: script?.numberOfKeys ?? 0 });
    }
    const commands = redis as unknown as Readonly<Record<string, SharedScriptCall>>;
    const command = many.isPacked ? `${name}Buffer` : name;
    return (args) => (commands[command] as SharedScriptCall)(args);
  }

  #giveUp(why: string): void {
    if (this.#isOff) return;
    this.#isOff = true;
    const message = `tasks do not share calls of Redis, each has its own, which is slower: ${why}`;
    this.#options.report(new GoflowError('INTERNAL', message));
  }
}

/** Calls a script for many tasks, with keys and arguments. */
export type SharedScriptCall = (args: unknown[]) => Promise<unknown>;
