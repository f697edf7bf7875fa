import { setTimeout as pause } from 'node:timers/promises';
import {
  type Goflow,
  isGoflowError,
  PushIncompleteError,
  type PushOptions,
  type TaskId,
} from '@goflow/sdk';
import type { Random } from '../plan/random.js';
import type { Entry, Ledger } from './ledger.js';
import type { Done, makeTasks, Work } from './tasks.js';
import { type WorkKind, workKind } from './work-kinds.js';

type Definitions = ReturnType<typeof makeTasks>['definitions'];
type Id = TaskId<keyof Definitions & string>;

/** What the load is made with. */
export interface LoadDeps {
  readonly goflow: Goflow<Definitions>;
  readonly ledger: Ledger;
  /** What the names of its tasks begin with. */
  readonly name: string;
  /** True to push once more, as another task, what may or may not have arrived: a planted bug. */
  readonly again: boolean;
}

/** One push, before it is made. */
interface Piece {
  readonly kind: WorkKind;
  readonly type: keyof Definitions & string;
  readonly works: readonly Work[];
  readonly options: PushOptions;
  readonly random: Random;
}

/** Longer than a system needs to come to rest after most faults, so that a wait that hears nothing is seen. */
const WAIT_MS = 25_000;

/** Pushes tasks, cancels some, waits for some; writes down every answer. Never throws: an error is an answer, too. */
export class Load {
  readonly #deps: LoadDeps;
  readonly #open = new Set<Promise<void>>();
  #count = 0;

  constructor(deps: LoadDeps) {
    this.#deps = deps;
  }

  begin(kindName: string, random: Random): void {
    const kind = workKind(kindName);
    if (!kind) throw new Error(`there is no kind ${kindName}`);
    const works = Array.from({ length: kind.many ?? 1 }, (_, index) => {
      const own = kind.mix?.[index % kind.mix.length] ?? kindName;
      return { n: this.#nextName(), kind: own, ...workKind(own)?.work?.(random) };
    });
    const [first] = works;
    const options = kind.options?.(random, first?.n ?? '') ?? {};
    const type = random.next() < 0.7 ? 'chaos.main' : 'chaos.side';
    const delayMs = Number(options.delay ?? 0);
    for (const { n, kind: own } of works) this.#write({ e: 'push', n, kind: own, delayMs });
    const open = this.#run({ kind, type, works, options, random });
    this.#open.add(open);
    void open.finally(() => this.#open.delete(open));
  }

  /** Resolves when all that was begun has ended. */
  async idle(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }

  async #run(piece: Piece): Promise<void> {
    const { kind, works, options, random } = piece;
    // Drawn before anything is waited for, so that the seed decides.
    const isWaited = random.next() < 0.6;
    if (kind.many !== undefined) return this.#pushMany(piece, isWaited);
    const [work] = works as [Work];
    const pushes = Array.from({ length: kind.times ?? 1 }, () =>
      this.#push(work.n, () => this.#deps.goflow.push(piece.type, work, options)),
    );
    const [id] = (await Promise.all(pushes)).filter((one) => one !== undefined);
    if (id === undefined) return;
    if (kind.cancelMs !== undefined) await this.#cancel(work.n, id, kind.cancelMs);
    if (isWaited) await this.#wait(work.n, id);
  }

  async #push(n: string, push: () => Promise<Id>): Promise<Id | undefined> {
    try {
      const id = await push();
      this.#write({ e: 'acked', n, id });
      return id;
    } catch (error) {
      this.#refused(n, error);
      if (!this.#deps.again || !mayHaveArrived(error)) return undefined;
      return push().then(
        (id) => {
          this.#write({ e: 'acked', n, id });
          return id;
        },
        () => undefined,
      );
    }
  }

  async #pushMany({ type, works, kind }: Piece, isWaited: boolean): Promise<void> {
    const chunk = kind.chunk === undefined ? {} : { chunk: kind.chunk };
    const ids: (Id | undefined)[] = [];
    try {
      ids.push(...(await this.#deps.goflow.pushMany(type, works, chunk)));
    } catch (error) {
      const outcomes = error instanceof PushIncompleteError ? error.outcomes : [];
      for (const [index, { n }] of works.entries()) {
        const outcome = outcomes[index];
        ids.push(outcome?.pushed ? (outcome.id as Id) : undefined);
        if (!outcome?.pushed) this.#refused(n, outcome?.error ?? error);
      }
    }
    const waits = works.map(async ({ n }, index) => {
      const id = ids[index];
      if (id === undefined) return;
      this.#write({ e: 'acked', n, id });
      if (isWaited) await this.#wait(n, id);
    });
    await Promise.all(waits);
  }

  async #cancel(n: string, id: Id, afterMs: number): Promise<void> {
    await pause(afterMs);
    try {
      const { effect } = await this.#deps.goflow.cancel(id);
      this.#write({ e: 'cancelled', n, effect });
    } catch (error) {
      this.#write({ e: 'cancelled', n, effect: codeOf(error) });
    }
  }

  async #wait(n: string, id: Id): Promise<void> {
    const startedAt = performance.now();
    try {
      const [result] = await this.#deps.goflow.waitAll([id], { timeout: WAIT_MS });
      const mark = result?.status === 'completed' ? (result.value as Done).mark : undefined;
      const forMs = Math.round(performance.now() - startedAt);
      this.#write({ e: 'seen', n, status: result?.status ?? 'nothing', mark, forMs });
    } catch (error) {
      const forMs = Math.round(performance.now() - startedAt);
      this.#write({ e: 'unseen', n, code: codeOf(error), forMs });
    }
  }

  #nextName(): string {
    this.#count += 1;
    return `${this.#deps.name}-${this.#count}`;
  }

  #refused(n: string, error: unknown): void {
    this.#write({ e: 'refused', n, code: codeOf(error), sent: mayHaveArrived(error) });
  }

  #write(entry: Entry): void {
    this.#deps.ledger.write(entry);
  }
}

const codeOf = (error: unknown): string =>
  isGoflowError(error) ? error.code : `not goflow's: ${String(error)}`;

/** True unless it is known that nothing was sent. */
function mayHaveArrived(error: unknown): boolean {
  if (!isGoflowError(error)) return true;
  return (error.details as { sent?: boolean } | undefined)?.sent !== false;
}
