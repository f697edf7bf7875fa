import { shareAnswer } from '@goflow/http';
import type { FleetRuns, ToldRun } from '@goflow/shared';
import type { BulkRun } from './bulk-runs.js';

/** One that was silent for longer is gone with its gateway: it tells every second. */
const LOST_MS = 15_000;

/** What gateways tell each other of their runs. Where it cannot be read or written, each shows its own. */
export class ToldRuns {
  readonly #runs: FleetRuns | undefined;
  readonly #list: () => Promise<readonly ToldRun[]>;

  constructor(runs: FleetRuns | undefined) {
    this.#runs = runs;
    // Every open page asks.
    this.#list = shareAnswer(async () => (await runs?.list()) ?? []);
  }

  /** Never rejects. @returns true when somebody wants it to end */
  async tell(run: BulkRun): Promise<boolean> {
    const { id, startedAt, endedAt, isLost: _, ...rest } = run;
    // How long, not since when: clocks of gateways differ.
    const tookMs = (endedAt ?? new Date()).getTime() - startedAt.getTime();
    const told = { ...rest, tookMs, isOver: endedAt !== undefined };
    return this.#runs?.tell(id, told).catch(() => false) ?? false;
  }

  /** Those of all gateways. Never rejects. */
  async list(): Promise<readonly BulkRun[]> {
    const told = await this.#list().catch(() => []);
    return told.flatMap((one) => runOf(one) ?? []);
  }

  /** Has one end that may be another gateway's. @throws BROKER_UNAVAILABLE, BROKER_REFUSED */
  async end(id: string): Promise<void> {
    await this.#runs?.end(id);
  }
}

/** `undefined` for what no gateway of this version has told. */
function runOf({ id, run, silentMs }: ToldRun): BulkRun | undefined {
  const { kind, of, by, fingerprint, failed, trouble, ...rest } = (run ?? {}) as Fields;
  const { tookMs, isOver, done, failedCount } = rest;
  if (kind !== 'redrive' && kind !== 'discard') return undefined;
  if (![of, by, fingerprint].every((text) => typeof text === 'string')) return undefined;
  if (![tookMs, done, failedCount].every(isCount) || !Array.isArray(failed)) return undefined;
  const toldAt = Date.now() - silentMs;
  return {
    ...{ id, kind, of: of as string, by: by as string, fingerprint: fingerprint as string },
    startedAt: new Date(toldAt - (tookMs as number)),
    endedAt: isOver === true ? new Date(toldAt) : undefined,
    done: done as number,
    failedCount: failedCount as number,
    failed: failed.filter(isFailure),
    trouble: typeof trouble === 'string' ? trouble : undefined,
    isLost: isOver !== true && silentMs > LOST_MS,
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** A time of an hour, and a count, are less; a date cannot be made of any number. */
const isCount = (value: unknown): boolean =>
  typeof value === 'number' && value >= 0 && value < 1e12;

function isFailure(value: unknown): value is BulkRun['failed'][number] {
  const { id, message } = (value ?? {}) as Fields;
  return typeof id === 'string' && typeof message === 'string';
}
