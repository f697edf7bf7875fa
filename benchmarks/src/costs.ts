import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ownCpuUs } from './cpu.js';

/** What a task costs, so that a gain can be explained. */
export interface Costs {
  /** CPU of Redis in microseconds a task, user and system. */
  readonly redisCpuUs: number;
  /** CPU of all Node processes that took part, in microseconds a task. */
  readonly nodeCpuUs: number;
  /** Calls of scripts a task. */
  readonly scriptCalls: number;
  /** Commands that Redis ran a task, those inside scripts too. */
  readonly commands: number;
  /** Memory of Redis in bytes a task. */
  readonly bytes?: number;
}

interface Reading {
  readonly redisCpuUs: number;
  readonly scriptCalls: number;
  readonly commands: number;
  readonly nodeCpuUs: number;
}

/** Reads what Redis and Node spend around the measured part. */
export class CostMeter {
  /** Its own connection, for whatever a scenario has to ask Redis. */
  readonly redis: Redis;
  readonly #nodeCpuUs: () => number | Promise<number>;
  readonly #emptyBytes: number;
  #before: Reading | undefined;

  private constructor(redis: Redis, nodeCpuUs: () => number | Promise<number>, bytes: number) {
    this.redis = redis;
    this.#nodeCpuUs = nodeCpuUs;
    this.#emptyBytes = bytes;
  }

  /**
   * Connects, while Redis is empty.
   *
   * @param nodeCpuUs the CPU of the processes that take part @default of this process
   */
  static async open(
    redisUrl: string,
    nodeCpuUs: () => number | Promise<number> = ownCpuUs,
  ): Promise<CostMeter> {
    const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
    return new CostMeter(redis, nodeCpuUs, await settledBytes(redis));
  }

  /** The measured part begins. */
  async begin(): Promise<void> {
    this.#before = await this.#read('Redis first');
  }

  /** The measured part has ended: what it cost, by task. */
  async end(tasks: number): Promise<Costs> {
    const after = await this.#read('Node first');
    const before = this.#before ?? after;
    return {
      redisCpuUs: (after.redisCpuUs - before.redisCpuUs) / tasks,
      nodeCpuUs: (after.nodeCpuUs - before.nodeCpuUs) / tasks,
      scriptCalls: (after.scriptCalls - before.scriptCalls) / tasks,
      // The INFO of the beginning counts itself.
      commands: (after.commands - before.commands - 1) / tasks,
    };
  }

  /** Memory of what is in Redis now, by task. Once clients are closed: Redis says late what their buffers take. */
  async bytesPerTask(tasks: number): Promise<number> {
    return ((await settledBytes(this.redis)) - this.#emptyBytes) / tasks;
  }

  close(): void {
    this.redis.disconnect();
  }

  /** Node's CPU is read nearer to the measured part: what INFO costs Node is not counted. */
  async #read(order: 'Redis first' | 'Node first'): Promise<Reading> {
    const early = order === 'Node first' ? await this.#nodeCpuUs() : 0;
    const info = await this.redis.info('all');
    const nodeCpuUs = order === 'Node first' ? early : await this.#nodeCpuUs();
    return { ...readInfo(info), nodeCpuUs };
  }
}

/** @param info the answer of `INFO all` */
export function readInfo(info: string): Omit<Reading, 'nodeCpuUs'> {
  const scripts = info.matchAll(/^cmdstat_(?:eval|evalsha|eval_ro|evalsha_ro|fcall):calls=(\d+)/gm);
  return {
    redisCpuUs: (numberIn(info, 'used_cpu_user') + numberIn(info, 'used_cpu_sys')) * 1e6,
    commands: numberIn(info, 'total_commands_processed'),
    scriptCalls: [...scripts].reduce((sum, [, calls]) => sum + Number(calls), 0),
  };
}

/** What the keys take. Buffers of connections come and go, and scripts are kept once for all tasks. */
async function settledBytes(redis: Redis): Promise<number> {
  let before = Number.NaN;
  for (let look = 0; look < 20; look += 1) {
    const bytes = keyBytes(await redis.info('memory'));
    if (Math.abs(bytes - before) < before * 0.001) return bytes;
    before = bytes;
    await delay(50);
  }
  return before;
}

/** @param info the answer of `INFO memory` */
export function keyBytes(info: string): number {
  // Redis before 7.0 does not say what scripts take.
  const scripts = /^used_memory_scripts:/m.test(info) ? numberIn(info, 'used_memory_scripts') : 0;
  return numberIn(info, 'used_memory') - numberIn(info, 'mem_clients_normal') - scripts;
}

function numberIn(info: string, field: string): number {
  const value = new RegExp(`^${field}:([\\d.]+)`, 'm').exec(info)?.[1];
  if (value === undefined) throw new Error(`INFO of Redis says no ${field}`);
  return Number(value);
}
