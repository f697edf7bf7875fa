import { expect } from 'vitest';

/** The value of one series in a text that Prometheus scrapes; `undefined` where it is not there. Labels are given as they stand there. */
export function valueIn(text: string, series: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

/** The sum of one series over several scrapes, as `sum` in Prometheus does: those that do not have it count nothing. */
export function sumOf(texts: readonly string[], series: string): number | undefined {
  const values = texts.map((text) => valueIn(text, series)).filter((one) => one !== undefined);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

/** Those of the scrapes that tell what is true of all queues: they, and only they, have these series. */
export function exportersOf(texts: readonly string[]): readonly number[] {
  const elected = texts.flatMap((text, at) =>
    valueIn(text, 'goflow_exporter_elected') === 1 ? [at] : [],
  );
  const told = texts.flatMap((text, at) => (text.includes('goflow_queue_tasks{') ? [at] : []));
  expect(told).toEqual(elected);
  return elected;
}
