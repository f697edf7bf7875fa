import { hasBody, type JsonLimits, readJson } from '@goflow/http';
import { GoflowError } from '@goflow/shared';
import type { Request } from 'express';

/** What a body may be. */
export interface BodyOptions extends JsonLimits {
  /** Whether no body is as good as `{}`. @default false */
  readonly isOptional?: boolean | undefined;
}

/** The fields of a JSON body. @throws REQUEST_INVALID naming the field */
export async function fieldsOf<N extends string>(
  request: Request,
  known: readonly N[],
  { isOptional = false, ...limits }: BodyOptions = {},
): Promise<Readonly<Partial<Record<N, unknown>>>> {
  const given = isOptional && !hasBody(request.headers) ? {} : await readJson(request, limits);
  return objectOf('the body', given, known);
}

/** An object with no other fields than these. @throws REQUEST_INVALID naming the field */
export function objectOf<N extends string>(
  name: string,
  given: unknown,
  known: readonly N[],
): Readonly<Partial<Record<N, unknown>>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw badRequest(`${name} is an object with some of the fields ${known.join(', ')}`);
  const unknown = Object.keys(given).find((field) => !(known as readonly string[]).includes(field));
  if (unknown === undefined) return given as Readonly<Partial<Record<N, unknown>>>;
  const shown = JSON.stringify(unknown.slice(0, 50));
  throw badRequest(`unknown field ${shown}; known are ${known.join(', ')}`);
}

export const badRequest = (detail: string): GoflowError =>
  new GoflowError('REQUEST_INVALID', detail);
