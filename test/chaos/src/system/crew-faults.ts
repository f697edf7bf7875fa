import { setTimeout as pause } from 'node:timers/promises';
import type { FaultName } from '../plan/fault-kinds.js';
import type { Inject } from './inject.js';
import type { Member } from './member.js';
import type { Stage } from './stage.js';
import type { Role } from './world.js';

type CrewFault = Extract<FaultName, `worker-${string}` | `producer-${string}`>;

/** What happens to processes. */
export const CREW_FAULTS: Readonly<Record<CrewFault, Inject>> = {
  'worker-kill': (stage, { chance, lastsMs }) => kill(victim(stage, 'worker', chance), lastsMs),
  'producer-kill': (stage, { chance, lastsMs }) => kill(victim(stage, 'producer', chance), lastsMs),
  async 'worker-freeze'(stage, { chance, lastsMs }) {
    const member = victim(stage, 'worker', chance);
    member?.signal('SIGSTOP');
    await pause(lastsMs);
    member?.signal('SIGCONT');
    return nameOf(member);
  },
  async 'worker-stop'(stage, { chance }) {
    const member = victim(stage, 'worker', chance);
    if (member) await stage.crew.stopOne(member);
    return nameOf(member);
  },
  async 'worker-stop-deaf'(stage, { chance, lastsMs }) {
    const [producer] = stage.crew.members('producer');
    producer?.tell({ do: 'push', kind: 'deaf' });
    await pause(lastsMs);
    // Whoever took it is among them.
    const members = stage.crew.members('worker').filter((one) => mayBeHurt(one, stage));
    const some = members.slice(0, Math.max(1, Math.round(members.length * (0.5 + chance))));
    await Promise.all(some.map((member) => stage.crew.stopOne(member)));
    return some.map(nameOf).join(', ');
  },
  async 'worker-block'(stage, { chance, lastsMs }) {
    const member = pick(stage.crew.members('worker'), chance);
    member?.tell({ do: 'block', ms: lastsMs });
    await pause(lastsMs);
    return nameOf(member);
  },
  async 'worker-concurrency'(stage, { chance, lastsMs }) {
    const member = pick(stage.crew.members('worker'), chance);
    for (const to of [0, 30, 1]) {
      member?.tell({ do: 'concurrency', to });
      await pause(lastsMs / 3);
    }
    member?.tell({ do: 'concurrency', to: 8 });
    return nameOf(member);
  },
  async 'worker-poison'(stage) {
    const producer = pick(stage.crew.members('producer'), 0);
    producer?.tell({ do: 'push', kind: 'poison' });
    return `pushed by ${nameOf(producer)}`;
  },
};

async function kill(member: Member | undefined, afterMs: number): Promise<string> {
  member?.kill();
  // As long as it takes until another is in its place, at least.
  await pause(afterMs);
  return nameOf(member);
}

const nameOf = (member: Member | undefined): string => member?.name ?? 'nobody was there';

const pick = (members: readonly Member[], chance: number): Member | undefined =>
  members[Math.floor(chance * members.length)];

/** One that may be hurt. */
function victim(stage: Stage, role: Role, chance: number): Member | undefined {
  return pick(
    stage.crew.members(role).filter((one) => mayBeHurt(one, stage)),
    chance,
  );
}

const mayBeHurt = ({ name, isReady, isDoomed }: Member, { spared }: Stage): boolean =>
  isReady && !isDoomed && !spared.has(name);
