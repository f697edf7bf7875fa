import { HttpRefusal } from '@goflow/http';
import type { PushManyOptions } from '@goflow/sdk';
import { PUSH_OPTIONS, type PushOptions } from '@goflow/shared';
import { dateOf } from '../requests/query.js';

/** The body of a push: the payload, and beside it the options of the SDK's `push` by the same names; `runAt` as ISO text. */
export interface PushBody {
  readonly payload: unknown;
  readonly options: PushOptions;
}

/** The body of many pushes: all with the same options, or each with its own. */
export type BulkBody =
  | { readonly payloads: readonly unknown[]; readonly options: PushManyOptions }
  | { readonly items: readonly PushBody[] };

/** What one request may push. */
export const MAX_BULK = 10_000;

const OF_ONE = ['payload', ...PUSH_OPTIONS];
/** Ids of one's own are one a task: each item may say its own. */
const OF_ALL = ['payloads', 'items', 'chunk', ...PUSH_OPTIONS.filter((name) => name !== 'id')];

/** What is right in an option, `push` checks. @throws REQUEST_INVALID naming the field */
export function pushRequestOf(body: unknown): PushBody {
  return itemOf(body, '');
}

/** @throws REQUEST_INVALID naming the field */
export function bulkRequestOf(body: unknown): BulkBody {
  if (!isObject(body))
    throw invalid('expected a JSON object like {"payloads": […]} or {"items": [{"payload": …}]}');
  checkFields(body, OF_ALL, '');
  const { payloads, items, ...options } = body;
  if (items === undefined)
    return { payloads: listOf('payloads', payloads), options: optionsOf(options, '') };
  const other = Object.keys(body).find((name) => name !== 'items');
  if (other !== undefined)
    throw invalid(`beside \`items\` there is no \`${other}\`: each item has its own options`);
  const list = listOf('items', items);
  return { items: list.map((item, index) => itemOf(item, `items[${index}]`)) };
}

function itemOf(body: unknown, place: string): PushBody {
  if (!isObject(body) || !('payload' in body)) {
    const what = 'a JSON object like {"payload": …, "delay": "10m"}';
    throw invalid(place === '' ? `expected ${what}` : `Expected \`${place}\` to be ${what}`);
  }
  checkFields(body, OF_ONE, place);
  const { payload, ...options } = body;
  return { payload, options: optionsOf(options, place) };
}

function optionsOf(given: Readonly<Record<string, unknown>>, place: string): PushOptions {
  const { runAt } = given;
  if (runAt === undefined) return given;
  return { ...given, runAt: dateOf(place === '' ? 'runAt' : `${place}.runAt`, runAt) };
}

function listOf(name: string, given: unknown): readonly unknown[] {
  const isList = Array.isArray(given) && given.length > 0 && given.length <= MAX_BULK;
  if (isList) return given as readonly unknown[];
  throw invalid(`Expected \`${name}\` to be a list of 1 to ${MAX_BULK.toLocaleString('en')}`);
}

function checkFields(body: object, known: readonly string[], place: string): void {
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const where = place === '' ? '' : ` in ${place}`;
  const name = JSON.stringify(unknown.slice(0, 50));
  throw invalid(`unknown field ${name}${where}; known are ${known.join(', ')}`);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const invalid = (detail: string): HttpRefusal => new HttpRefusal(400, detail);
