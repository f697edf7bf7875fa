import type { WorkName } from './work-kinds.js';

/** What a process of the harness is told when it is started, as JSON in the variable `CHAOS`. */
export interface ProcessSettings {
  readonly redis: RedisSettings;
  readonly prefix: string;
  /** The file of its ledger. */
  readonly ledger: string;
  /** What it is called in the names of its tasks. */
  readonly name: string;
  /** How long finished tasks are kept, in milliseconds. */
  readonly keptMs: number;
  /** How many replicas must have a push, for producers. */
  readonly minReplicas?: number | undefined;
  /** A defect to plant: see `plan/bugs.ts`. */
  readonly bug?: string | undefined;
}

/** An address, and where it really leads: through a proxy. */
export type NatMap = Readonly<Record<string, { readonly host: string; readonly port: number }>>;

interface Address {
  readonly host: string;
  readonly port: number;
}

/** How a process reaches Redis. */
export type RedisSettings =
  | { readonly kind: 'alone'; readonly host: string; readonly port: number }
  | {
      readonly kind: 'sentinel';
      readonly sentinels: readonly Address[];
      readonly name: string;
      readonly natMap: NatMap;
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly Address[]; readonly natMap: NatMap };

/** What a process is told while it runs. */
export type Order =
  /** Push for so long. Answered with `loaded` when every push and every wait has ended. */
  | { readonly do: 'load'; readonly ms: number; readonly rate: number; readonly seed: number }
  /** Push one task of a kind. */
  | { readonly do: 'push'; readonly kind: WorkName }
  /** Block the event loop. */
  | { readonly do: 'block'; readonly ms: number }
  | { readonly do: 'concurrency'; readonly to: number }
  /** Collect garbage and say what is left. */
  | { readonly do: 'memory' };

/** What a process answers. */
export type Answer =
  | { readonly is: 'ready' }
  | { readonly is: 'loaded' }
  | { readonly is: 'memory'; readonly heap: number; readonly rss: number };
