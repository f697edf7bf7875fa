import type { Row, Summary } from './summary.js';
import { reachInWords } from './words.js';

/** The result as JSON: an array with one object for each line of the table. */
export function toJson(summaries: readonly Summary[]): string {
  const rows = summaries.flatMap((summary) => summary.rows.map((row) => entryOf(row, summary)));
  return `${JSON.stringify(rows, undefined, 2)}\n`;
}

/** Known or null: a field is never missing. */
function entryOf(row: Row, { name, rounds, costs, more, error }: Summary): object {
  const { title, unit, reach, medians, judged, ratio, pass } = row;
  return {
    scenario: title,
    name,
    unit,
    goflow: rounded(medians.goflow),
    bullmq: rounded(medians.bullmq),
    beeQueue: rounded(medians['bee-queue']),
    ratio: rounded(ratio),
    lowest: rounded(judged?.lowest),
    highest: rounded(judged?.highest),
    reach: reachInWords(reach, unit),
    pass,
    rounds,
    costs,
    more,
    error: error ?? null,
  };
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toPrecision(6));
}
