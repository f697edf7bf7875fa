import { setTimeout as pause } from 'node:timers/promises';
import type { FaultProxy } from '@goflow/testing';
import type { FaultName } from '../plan/fault-kinds.js';
import type { PlannedFault } from '../plan/plan.js';
import type { Inject } from './inject.js';
import type { Role } from './world.js';

type NetFault = Extract<FaultName, `net-${string}`>;

/** Scripts: a push, a fetch, an outcome. */
const isScript = ([command = '']: readonly string[]): boolean => /^EVAL/i.test(command);

/** What happens between processes and Redis. */
export const NET_FAULTS: Readonly<Record<NetFault, Inject>> = {
  'net-cut': lasting((proxy) => proxy.cutAll()),
  'net-latency': lasting((proxy, { chance }) => proxy.setLatency(20 + chance * 180, 40)),
  'net-slow': lasting((proxy) => proxy.setThrottle(50_000)),
  'net-split': lasting((proxy) => proxy.splitBytes()),
  'net-half-open': lasting((proxy) => proxy.blackhole('both')),
  'net-refuse': lasting((proxy) => {
    proxy.refuse();
    proxy.cutAll();
  }),
  'net-drop-reply': lasting((proxy, { chance }) =>
    proxy.dropReplyAfter(isScript, 1 + Math.round(chance * 5)),
  ),
};

function lasting(break_: (proxy: FaultProxy, fault: PlannedFault) => void): Inject {
  return async (stage, fault) => {
    const roles = rolesOf(fault.chance);
    const proxies = roles.flatMap((role) => stage.world.proxies(role));
    for (const proxy of proxies) break_(proxy, fault);
    await pause(fault.lastsMs);
    for (const proxy of proxies) proxy.heal();
    return roles.join(' and ');
  };
}

/** Whom it hits. */
function rolesOf(chance: number): readonly Role[] {
  if (chance < 0.4) return ['worker'];
  return chance < 0.8 ? ['producer'] : ['worker', 'producer'];
}
