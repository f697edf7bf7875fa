import { expect, test } from 'vitest';
import { BUGS } from './bugs.js';
import { FAULT_KINDS, faultKind, faultsOf, WORLDS } from './fault-kinds.js';
import { makePlan, type Plan, readPlan } from './plan.js';
import { randomOf } from './random.js';
import { shrink } from './shrink.js';

const OPTIONS = { rounds: 2, loadMs: 5_000 };

test('a seed gives the same plan every time, and another seed another', () => {
  for (const seed of [1, 7, 4_711]) {
    expect(makePlan(seed, OPTIONS)).toEqual(makePlan(seed, OPTIONS));
    expect(makePlan(seed, OPTIONS)).not.toEqual(makePlan(seed + 1, OPTIONS));
  }
});

test('a saved plan is the plan', () => {
  const plan = makePlan(7, OPTIONS);
  expect(readPlan(JSON.stringify(plan))).toEqual(plan);
  expect(() => readPlan('{"seed": 7}')).toThrow('this is no plan');
});

test('many seeds meet every world and every fault that can be planned, where it can happen', () => {
  const plans = Array.from({ length: 400 }, (_, seed) => makePlan(seed, OPTIONS));
  expect(new Set(plans.map(({ world }) => world))).toEqual(new Set(WORLDS));
  const met = new Set<string>();
  for (const { world, rounds } of plans)
    for (const { name } of rounds.flatMap(({ faults }) => faults)) {
      expect(faultKind(name).worlds).toContain(world);
      met.add(name);
    }
  const planned = Object.keys(FAULT_KINDS).filter((name) => name !== 'failover-by-itself');
  expect([...met].sort()).toEqual(planned.sort());
});

test('chance is even, and decided by the seed', () => {
  const random = randomOf(42);
  const drawn = Array.from({ length: 10_000 }, () => random.next());
  expect(drawn.every((one) => one >= 0 && one < 1)).toBe(true);
  expect(drawn.reduce((sum, one) => sum + one, 0) / drawn.length).toBeCloseTo(0.5, 1);
  const weighted = { a: 0, b: 0 };
  for (let at = 0; at < 1_000; at += 1)
    weighted[
      random.pickWeighted([
        { name: 'a', weight: 9 } as const,
        { name: 'b', weight: 1 } as const,
      ]).name
    ] += 1;
  expect(weighted.a).toBeGreaterThan(weighted.b * 5);
});

test('shrinking leaves only the faults that matter', async () => {
  const plan = makePlan(3, { rounds: 4, loadMs: 5_000 });
  const all = plan.rounds.flatMap(({ faults }) => faults);
  const guilty = [all[1], all.at(-2)];
  const names = (one: Plan) => one.rounds.flatMap(({ faults }) => faults);
  const fails = async (one: Plan) => guilty.every((fault) => names(one).includes(fault as never));
  expect(names(await shrink(plan, fails))).toEqual(guilty);
});

test('every bug has a plan of faults that can happen in its world', () => {
  for (const bug of Object.values(BUGS)) {
    const names = faultsOf('world' in bug ? (bug.world as never) : 'alone').map(({ name }) => name);
    for (const [name] of bug.faults) expect(names).toContain(name);
  }
});
