/** Chance that a seed decides: the same seed gives the same numbers on every machine. */
export interface Random {
  /** 0 to below 1. */
  next(): number;
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number;
  /** One of them. */
  pick<T>(choices: readonly T[]): T;
  /** One of them, by weight. */
  pickWeighted<T extends { readonly weight: number }>(choices: readonly T[]): T;
}

/** Mulberry32, a generator of 32 bits of state by Tommy Ettinger (public domain). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number): number =>
    least + Math.floor(next() * (most - least + 1));
  return {
    next,
    between,
    pick: (choices) => some(choices[between(0, choices.length - 1)]),
    pickWeighted(choices) {
      let at = next() * choices.reduce((sum, { weight }) => sum + weight, 0);
      for (const choice of choices) {
        at -= choice.weight;
        if (at < 0) return choice;
      }
      return some(choices.at(-1));
    },
  };
}

function some<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is nothing to choose from');
  return value;
}
