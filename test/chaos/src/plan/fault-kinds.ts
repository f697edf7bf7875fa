/** The kinds of Redis that a system is broken on. */
export const WORLDS = ['alone', 'sentinel', 'cluster'] as const;
export type WorldKind = (typeof WORLDS)[number];

/** What is known of one kind of fault before it happens. */
export interface FaultKind {
  /** How often it is chosen, against the others. */
  readonly weight: number;
  readonly worlds: readonly WorldKind[];
  /** How long it lasts, in milliseconds: least and most. */
  readonly lastsMs: readonly [least: number, most: number];
  /** True when a task may run twice because of it, as delivery at least once allows. */
  readonly mayRepeat: boolean;
  /** True when Redis itself may lose what it has acknowledged: replicas are written to later. */
  readonly mayForget?: boolean;
}

const ALL = WORLDS;
const REPLICATED = ['sentinel', 'cluster'] as const;

/** Every fault that the harness knows. A name never changes its meaning: saved plans are run again. */
export const FAULT_KINDS = {
  // Workers.
  'worker-kill': { weight: 4, worlds: ALL, lastsMs: [100, 800], mayRepeat: true },
  'worker-freeze': { weight: 3, worlds: ALL, lastsMs: [2_500, 5_000], mayRepeat: true },
  'worker-stop': { weight: 3, worlds: ALL, lastsMs: [100, 800], mayRepeat: false },
  'worker-stop-deaf': { weight: 1, worlds: ALL, lastsMs: [300, 1_000], mayRepeat: true },
  'worker-block': { weight: 2, worlds: ALL, lastsMs: [500, 3_500], mayRepeat: true },
  'worker-concurrency': { weight: 2, worlds: ALL, lastsMs: [500, 2_000], mayRepeat: false },
  'worker-poison': { weight: 1, worlds: ALL, lastsMs: [100, 100], mayRepeat: true },
  // Producers.
  'producer-kill': { weight: 2, worlds: ALL, lastsMs: [100, 800], mayRepeat: false },
  // The network.
  'net-cut': { weight: 3, worlds: ALL, lastsMs: [50, 50], mayRepeat: true },
  'net-latency': { weight: 2, worlds: ALL, lastsMs: [1_000, 3_000], mayRepeat: true },
  'net-slow': { weight: 1, worlds: ALL, lastsMs: [1_000, 3_000], mayRepeat: true },
  'net-split': { weight: 1, worlds: ALL, lastsMs: [300, 1_000], mayRepeat: true },
  'net-half-open': { weight: 1, worlds: ALL, lastsMs: [1_000, 3_000], mayRepeat: true },
  'net-refuse': { weight: 2, worlds: ALL, lastsMs: [500, 4_000], mayRepeat: true },
  'net-drop-reply': { weight: 3, worlds: ALL, lastsMs: [1_000, 2_000], mayRepeat: true },
  // Redis.
  'redis-kill': { weight: 3, worlds: ['alone'], lastsMs: [200, 3_000], mayRepeat: true },
  'redis-freeze': { weight: 2, worlds: ['alone'], lastsMs: [500, 4_000], mayRepeat: true },
  'redis-pause-writes': { weight: 2, worlds: ['alone'], lastsMs: [500, 3_000], mayRepeat: true },
  'redis-full': { weight: 2, worlds: ['alone'], lastsMs: [500, 2_500], mayRepeat: true },
  'redis-read-only': { weight: 2, worlds: ['alone'], lastsMs: [500, 2_500], mayRepeat: true },
  'redis-no-rights': { weight: 1, worlds: ['alone'], lastsMs: [500, 2_500], mayRepeat: true },
  'redis-no-clients': { weight: 1, worlds: ['alone'], lastsMs: [500, 2_500], mayRepeat: true },
  'redis-forget-scripts': { weight: 2, worlds: ALL, lastsMs: [50, 50], mayRepeat: false },
  'redis-cut-clients': { weight: 2, worlds: ALL, lastsMs: [50, 50], mayRepeat: true },
  // Failover.
  'master-kill': {
    weight: 5,
    worlds: REPLICATED,
    lastsMs: [3_000, 5_000],
    mayRepeat: true,
    mayForget: true,
  },
  'master-freeze': {
    weight: 3,
    worlds: REPLICATED,
    lastsMs: [3_000, 5_000],
    mayRepeat: true,
    mayForget: true,
  },
  'sentinels-kill': { weight: 2, worlds: ['sentinel'], lastsMs: [1_000, 3_000], mayRepeat: false },
  /** Never planned: a Sentinel or Cluster that took a living master for dead, on a machine that was busy. */
  'failover-by-itself': {
    weight: 0,
    worlds: REPLICATED,
    lastsMs: [0, 0],
    mayRepeat: true,
    mayForget: true,
  },
} as const satisfies Record<string, FaultKind>;

/** The name of one of {@link FAULT_KINDS}. */
export type FaultName = keyof typeof FAULT_KINDS;

/** What is known of a kind. */
export const faultKind = (name: FaultName): FaultKind => FAULT_KINDS[name];

/** The faults that can happen to a kind of Redis, with their weights. */
export function faultsOf(world: WorldKind): readonly { name: FaultName; weight: number }[] {
  return (Object.keys(FAULT_KINDS) as FaultName[])
    .filter((name) => faultKind(name).worlds.includes(world))
    .map((name) => ({ name, weight: faultKind(name).weight }));
}
