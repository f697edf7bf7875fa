import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Goflow } from '@goflow/sdk';
import { type ChildProgram, RedisServer, startProgram, testPrefix } from '@goflow/testing';
import { onTestFinished } from 'vitest';
import { runWorker, urlOf } from '../../support/program.js';
import { openClient } from '../../support/system.js';
import { tasks } from './tasks.mjs';

const GATEWAY = fileURLToPath(
  new URL('bin/goflow-gateway.js', import.meta.resolve('@goflow/gateway/package.json')),
);
const TASKS = fileURLToPath(new URL('tasks.mjs', import.meta.url));
const HANDLERS = fileURLToPath(new URL('handlers', import.meta.url));
const CONCURRENCY = 'default=10,cards=10,files=8,reports=1,thumbs=2,prints=2';

/** A process of goflow, and where it is scraped. */
export interface Scraped {
  readonly program: ChildProgram;
  readonly url: string;
  /** What Prometheus calls it. */
  readonly instance: string;
}

/** A Redis of its own, with workers and a gateway, and a client of this process. */
export interface LoadedFleet {
  readonly server: RedisServer;
  readonly workers: readonly Scraped[];
  readonly gateway: Scraped;
  readonly goflow: Goflow<typeof tasks.definitions>;
  readonly load: Load;
}

/** Starts all of it; it ends with the test. */
export async function startLoadedFleet(): Promise<LoadedFleet> {
  const server = await RedisServer.start({ args: ['--maxmemory', '256mb'] });
  onTestFinished(() => server.stop());
  const prefix = testPrefix();
  const where = ['--redis', server.url, '--prefix', prefix, '--tasks', TASKS, '--port', '0'];
  const works = ['--handlers', HANDLERS, '--concurrency', CONCURRENCY, '--lease', '4s'];
  const [gateway, ...workers] = await Promise.all([
    scraped(started(where)),
    ...[1, 2, 3].map(() => scraped(runWorker([...where, ...works]))),
  ]);
  const goflow = openClient(tasks, { redis: server.url, prefix });
  const load = new Load(goflow, gateway.url);
  onTestFinished(() => load.stop());
  return { server, workers, gateway, goflow, load };
}

function started(flags: readonly string[]): ChildProgram {
  const program = startProgram(GATEWAY, flags);
  onTestFinished(() => program[Symbol.asyncDispose]());
  return program;
}

async function scraped(program: ChildProgram): Promise<Scraped> {
  const url = await urlOf(program);
  return { program, url, instance: new URL(url).host };
}

/** Some 100 tasks a second of all types, until it is stopped. */
export class Load {
  /** What the cards of it are. */
  card: 'good' | 'stolen' = 'good';
  readonly #goflow: LoadedFleet['goflow'];
  readonly #gateway: string;
  readonly #running: Promise<void>;
  #isOver = false;

  constructor(goflow: LoadedFleet['goflow'], gateway: string) {
    this.#goflow = goflow;
    this.#gateway = gateway;
    this.#running = this.#run();
    // Told by stop().
    this.#running.catch(() => undefined);
  }

  /** Ends it. @throws what a push threw */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const goflow = this.#goflow;
    await goflow.pushMany('mail.send', [1, 2], { delay: '1h' });
    await goflow.cancel(await goflow.push('mail.send', 3, { delay: '1h' }));
    for (let number = 1; !this.#isOver; number += 10) {
      const numbers = Array.from({ length: 10 }, (_, index) => number + index);
      await goflow.pushMany('mail.send', numbers, number % 3 === 0 ? { chunk: 5 } : {});
      await goflow.pushMany('card.charge', [this.card, 'good']);
      await goflow.push('file.copy', 10);
      await goflow.push('report.build', 1);
      await goflow.push('thumb.make', 5);
      await goflow.push('page.print', 5);
      const waiting = await goflow.push('mail.send', number, { delay: '1h' });
      await this.#ask(`/tasks/${waiting}`, undefined, 'DELETE');
      await this.#ask('/tasks/mail.send', JSON.stringify({ payload: number }));
      await this.#ask('/tasks/mail.send', '{"payload":"wrong"}');
      await pause(100);
    }
  }

  async #ask(path: string, body?: string, method = 'POST'): Promise<void> {
    const answer = await fetch(`${this.#gateway}${path}`, { method, ...(body && { body }) });
    await answer.text();
  }
}
