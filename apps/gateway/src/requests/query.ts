import { HttpRefusal } from '@goflow/http';
import type { Request, RequestHandler } from 'express';
import type { Operation } from '../endpoint.js';

/** Query parameters by name. */
export type Query = ReadonlyMap<string, string>;

const NONE: Query = new Map();

/** The query parameters of a request. @throws REQUEST_INVALID for one that is given twice */
export function queryOf({ url }: Pick<Request, 'url'>): Query {
  const at = url.indexOf('?');
  if (at === -1) return NONE;
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(url.slice(at + 1))) {
    if (query.has(name)) throw invalid(`the query parameter ${show(name)} is given twice`);
    query.set(name, value);
  }
  return query;
}

/** Refuses query parameters that the description of an endpoint does not name. @throws REQUEST_INVALID */
export function refuseUnknownQuery({ parameters = [] }: Operation): RequestHandler {
  const known = parameters.flatMap((one) => {
    const { in: place, name } = one as { in?: string; name?: string };
    return place === 'query' && name !== undefined ? [name] : [];
  });
  const rule = known.length === 0 ? 'there are none here' : `known are ${known.join(', ')}`;
  return (request, _response, next) => {
    for (const name of queryOf(request).keys())
      if (!known.includes(name)) throw invalid(`unknown query parameter ${show(name)}; ${rule}`);
    next();
  };
}

/** A whole number; its range is checked by who takes it. @throws REQUEST_INVALID naming it */
export function integerOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalid(`Expected \`${name}\` to be a whole number, got ${show(text)}`);
}

const ISO = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** A time as ISO 8601 writes it, with its zone. @throws REQUEST_INVALID naming it */
export function dateOf(name: string, given: unknown): Date | undefined {
  if (given === undefined) return undefined;
  const [, day] = (typeof given === 'string' && ISO.exec(given)) || [];
  const time = day === undefined ? Number.NaN : Date.parse(given as string);
  // JavaScript takes 30 February for 2 March.
  if (!Number.isNaN(time) && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(`${day}`))
    return new Date(time);
  const rule = 'a time like "2026-01-31T08:30:00Z"';
  throw invalid(`Expected \`${name}\` to be ${rule}, got ${show(JSON.stringify(given))}`);
}

const show = (text: string): string => `"${text.slice(0, 60)}"`;
const invalid = (detail: string): HttpRefusal => new HttpRefusal(400, detail);
