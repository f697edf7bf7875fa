import { parseArgs } from 'node:util';

/** What `npm run bench` was told. */
export interface BenchArguments {
  readonly rounds: number;
  readonly count: number;
  readonly concurrency: number;
  /** Where the rows are written as JSON. */
  readonly json: string | undefined;
}

const HELP = `npm run bench -- [--quick] [--rounds 7] [--count 60000] [--concurrency 100] [--json FILE]`;

/** Reads the arguments; says how it is used, and ends, when they are wrong. */
export function readArguments(argv: string[]): BenchArguments {
  const { values } = parseArgs({
    args: argv,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      count: { type: 'string' },
      concurrency: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const number = (name: 'rounds' | 'count' | 'concurrency', fallback: number): number => {
    const value = Number(values[name] ?? fallback);
    if (Number.isInteger(value) && value > 0) return value;
    throw new Error(`--${name} is no whole number over 0\n${HELP}`);
  };
  return {
    rounds: number('rounds', values.quick ? 3 : 7),
    count: number('count', values.quick ? 20_000 : 60_000),
    concurrency: number('concurrency', 100),
    json: values.json,
  };
}
