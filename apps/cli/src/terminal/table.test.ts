import { expect, test } from 'vitest';
import { formatTable, type TableColumn } from './table.js';

interface Row {
  readonly id: string;
  readonly state: string;
  readonly failure: string;
}

const ROWS: readonly Row[] = [
  { id: 'default:AaIBt3Qdc26rQKVb1g3SfQ', state: 'failed', failure: 'TypeError: no such host' },
];

const tableAt = (width: number | undefined, least: number): string[] => {
  const columns: TableColumn<Row>[] = [
    { title: 'ID', text: ({ id }) => id, least: Number.POSITIVE_INFINITY },
    { title: 'STATE', text: ({ state }) => state },
    { title: 'FAILURE', text: ({ failure }) => failure, least },
  ];
  return formatTable(ROWS, columns, { width, paint: (_colour, text) => text });
};

test.each([
  [undefined, 8, 'default:AaIBt3Qdc26rQKVb1g3SfQ  failed  TypeError: no such host'],
  [63, 8, 'default:AaIBt3Qdc26rQKVb1g3SfQ  failed  TypeError: no such host'],
  [60, 8, 'default:AaIBt3Qdc26rQKVb1g3SfQ  failed  TypeError: no such …'],
  // What a column is to have at least it gives up before it is left out.
  [50, 24, 'default:AaIBt3Qdc26rQKVb1g3SfQ  failed  TypeError…'],
  [47, 8, 'default:AaIBt3Qdc26rQKVb1g3SfQ  failed'],
  [40, 8, 'default:AaIBt3Qdc26rQKVb1g3SfQ  failed'],
  [36, 8, 'default:AaIBt3Qdc26rQKVb1g3SfQ'],
  [20, 8, 'default:AaIBt3Qdc26…'],
])('in %s columns, the last of %i at least: %j', (width, least, line) => {
  expect(tableAt(width, least)[1]).toBe(line);
});
