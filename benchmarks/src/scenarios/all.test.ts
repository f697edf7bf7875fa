import { expect, test } from 'vitest';
import { findScenario, SCENARIOS } from './all.js';

test('names are words for the command line, and each is there once', () => {
  const names = SCENARIOS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
});

test('each says in words of its own what it does', () => {
  const abouts = SCENARIOS.map(({ about }) => about);
  expect(new Set(abouts).size).toBe(abouts.length);
});

test.each(['full', 'quick'] as const)('titles of a %s run are there once', (mode) => {
  const titles = SCENARIOS.flatMap((scenario) => scenario.figures(mode).map(({ title }) => title));
  expect(new Set(titles).size).toBe(titles.length);
});

test.each(SCENARIOS)('$name measures goflow, and BullMQ where it is compared', (scenario) => {
  for (const mode of ['full', 'quick'] as const) {
    const isCompared = scenario.figures(mode).some(({ reach }) => reach.of === 'ratio');
    const systems = scenario.systems(mode);
    expect(systems[0]).toBe('goflow');
    if (isCompared) expect(systems).toContain('bullmq');
  }
  expect(scenario.systems('quick')).not.toContain('bee-queue');
});

test('a quick run that looks at less says so', () => {
  expect(findScenario('million').figures('full')[0]?.title).toContain('1,000,000 waiting');
  expect(findScenario('million').figures('quick')[0]?.title).toContain(
    '20,000 waiting against 5,000',
  );
  expect(() => findScenario('pusch')).toThrow('there is no scenario pusch');
});
