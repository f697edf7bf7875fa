import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@goflow/testing';
import type { Plan } from '../plan/plan.js';
import { Member } from './member.js';
import type { Role, World } from './world.js';

/** What a crew is made of. */
export interface CrewOptions {
  readonly plan: Plan;
  readonly world: World;
  readonly prefix: string;
  /** Where ledgers and logs go. */
  readonly folder: string;
  readonly keptMs: number;
}

/** A process that did not end as it should. */
export interface BadEnd {
  readonly name: string;
  readonly what: string;
}

/** As an orchestrator would. */
const RESTART_MS = 300;
const START_MS = 30_000;
/** A worker has 2 s of grace and 2 s more; the rest is for a busy machine. */
const STOP_MS = { worker: 7_000, producer: 7_000 } as const;

/** The worker and producer processes of an episode. One that dies is replaced, as an orchestrator does. */
export class Crew {
  /** Every process that there ever was. */
  readonly all: Member[] = [];
  readonly badEnds: BadEnd[] = [];
  readonly #options: CrewOptions;
  readonly #places: (Member | undefined)[];
  readonly #keeping = new Set<Promise<void>>();
  #generation = 0;
  #isOver = false;
  /** Until when producers push, and what each is told. */
  #loadUntil = 0;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#places = Array.from({ length: options.plan.workers + options.plan.producers });
  }

  /** Starts all of them, and waits until they are ready. */
  async start(): Promise<void> {
    for (const place of this.#places.keys()) this.#keep(place);
    await this.whenReady();
  }

  /** The processes of a role that run now. */
  members(role: Role): Member[] {
    return this.#places.filter((one): one is Member => one?.role === role && !one.exit);
  }

  /** Waits until every place is taken by a process that is ready. */
  async whenReady(): Promise<void> {
    await Promise.all([...this.#places.keys()].map((place) => this.#whenReady(place)));
  }

  /** Every producer pushes from now on, for so long; resolves when all their waits have ended. */
  async load(ms: number, patienceMs: number): Promise<void> {
    this.#loadUntil = performance.now() + ms;
    for (const [index, producer] of this.members('producer').entries())
      this.#tellToLoad(producer, index);
    await pause(ms);
    for (const place of this.#places.keys()) await this.#whenLoaded(place, patienceMs);
  }

  /** Replaces the process in a place, after telling the old one to stop. */
  async stopOne(member: Member): Promise<void> {
    const patience = STOP_MS[member.role];
    const hasStopped = await member.stop(patience);
    // Another fault may have killed it meanwhile.
    const { code, signal } = member.exit ?? {};
    if (!hasStopped) this.#bad(member, `did not stop within ${patience} ms of SIGTERM`);
    else if (code !== 0 && signal !== 'SIGKILL')
      this.#bad(member, `stopped with code ${code}, ${signal}`);
  }

  /** Stops all, all at the same time. */
  async stop(): Promise<void> {
    this.#isOver = true;
    const running = [...this.members('worker'), ...this.members('producer')];
    await Promise.all(running.map((member) => this.stopOne(member)));
    await Promise.all(this.#keeping);
  }

  /** Kills what is left, without a word. */
  kill(): void {
    this.#isOver = true;
    for (const member of this.all) if (!member.exit) member.kill();
  }

  #keep(place: number): void {
    const keeping = this.#keepOne(place).finally(() => this.#keeping.delete(keeping));
    this.#keeping.add(keeping);
  }

  async #keepOne(place: number): Promise<void> {
    while (!this.#isOver) {
      const member = this.#spawn(place);
      this.#places[place] = member;
      this.all.push(member);
      const leftMs = this.#loadUntil - performance.now();
      if (member.role === 'producer' && leftMs > 0) this.#tellToLoad(member, place);
      await member.ended;
      // SIGKILL that the harness did not send is a task that killed its worker.
      if (!member.isDoomed && member.exit?.signal !== 'SIGKILL')
        this.#bad(member, `ended by itself: code ${member.exit?.code}, ${member.exit?.signal}`);
      if (!this.#isOver) await pause(RESTART_MS);
    }
  }

  #spawn(place: number): Member {
    const { plan, world, prefix, folder, keptMs } = this.#options;
    const role: Role = place < plan.workers ? 'worker' : 'producer';
    this.#generation += 1;
    const name = `${role}${place}.${this.#generation}`;
    const settings = {
      redis: world.reach(role),
      prefix,
      name,
      keptMs,
      ledger: join(folder, `${name}.ledger`),
      ...(plan.bug === undefined ? {} : { bug: plan.bug }),
      ...(plan.minReplicas === undefined ? {} : { minReplicas: plan.minReplicas }),
    };
    return new Member({ role, settings, log: join(folder, `${name}.log`) });
  }

  #tellToLoad(producer: Member, index: number): void {
    const { rate, seed } = this.#options.plan;
    const ms = Math.max(this.#loadUntil - performance.now(), 0);
    producer.tell({ do: 'load', ms, rate, seed: seed * 1_000 + index + this.#generation });
  }

  async #whenReady(place: number): Promise<void> {
    await until(() => this.#places[place]?.isReady && !this.#places[place]?.exit, {
      what: `the process in place ${place} is ready`,
      timeoutMs: START_MS,
    });
  }

  /** A producer that was killed has a follower, which was told to go on while there was time. */
  async #whenLoaded(place: number, patienceMs: number): Promise<void> {
    for (;;) {
      const member = this.#places[place];
      if (member?.role === 'worker') return;
      if (member && !member.exit && !member.isLoading) return;
      if (member?.isLoading && (await member.answer('loaded', patienceMs))) {
        member.isLoading = false;
        return;
      }
      await pause(50);
    }
  }

  #bad({ name }: Member, what: string): void {
    this.badEnds.push({ name, what });
  }
}
