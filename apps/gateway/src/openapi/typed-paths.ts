import { setImmediate } from 'node:timers/promises';
import type { Tasks } from '@goflow/sdk';
import { describedSchema, type SchemaPlace } from './described-schema.js';
import type { JsonSchema } from './parts.js';

/** What is said of the task types, each part as the JSON text of a member of an object. */
export interface TypedPaths {
  /** Of `components.schemas`. */
  readonly schemas: readonly string[];
  /** Of `paths`. */
  readonly paths: readonly string[];
  /** Types that have no path of their own, because all would be too much. */
  readonly leftOut: number;
}

/** The operations that are described once more for each type: as they are for any type. */
export interface PushOperations {
  readonly push: object;
  readonly pushMany: object;
}

/** Of all types together: more than 10,000 small ones take. */
const MAX_LENGTH = 32 * 1024 * 1024;
/** What making it may take; types that come later are left out. */
const MAX_MS = 8_000;
/** Others are let in so often. */
const PAUSE_MS = 10;

/** Describes pushes of each type by paths of their own, of which generators of clients make typed functions. */
export async function typedPaths(
  { contracts }: Tasks,
  operations: PushOperations,
): Promise<TypedPaths> {
  const [schemas, paths]: [string[], string[]] = [[], []];
  const endsAt = performance.now() + MAX_MS;
  let pausedAt = performance.now();
  let length = 0;
  let left = contracts.size;
  for (const { type, payload, result } of contracts.values()) {
    const given = [
      schemaOf(`${type}.payload`, payload, 'input'),
      schemaOf(`${type}.result`, result, 'output'),
    ];
    const own = [pushOf(type, operations.push), pushManyOf(type, operations.pushMany)];
    length += [...given, ...own].reduce((sum, text) => sum + text.length, 0);
    if (length > MAX_LENGTH || performance.now() > endsAt) break;
    schemas.push(...given);
    paths.push(...own);
    left -= 1;
    if (performance.now() - pausedAt < PAUSE_MS) continue;
    await setImmediate();
    pausedAt = performance.now();
  }
  return { schemas, paths, leftOut: left };
}

function schemaOf(name: string, schema: unknown, side: SchemaPlace['side']): string {
  return `${JSON.stringify(name)}:${describedSchema(schema, { side, at: atOf(name) })}`;
}

function pushOf(type: string, operation: object): string {
  const properties = { payload: { $ref: atOf(`${type}.payload`) } };
  const typed = { type: 'object', required: ['payload'], properties };
  return pathOf(`/tasks/${type}`, {
    ...operation,
    ...aboutOf(type, 'push', `Push one ${type}`),
    requestBody: bodyOf('PushBody', typed),
  });
}

function pushManyOf(type: string, operation: object): string {
  const payload = { $ref: atOf(`${type}.payload`) };
  const items = { type: 'object', properties: { payload } };
  const properties = {
    payloads: { type: 'array', items: payload },
    items: { type: 'array', items },
  };
  return pathOf(`/tasks/${type}/bulk`, {
    ...operation,
    ...aboutOf(type, 'pushMany', `Push many ${type}`),
    requestBody: bodyOf('BulkBody', { type: 'object', properties }),
  });
}

const atOf = (name: string): string => `#/components/schemas/${name}`;

const aboutOf = (type: string, name: keyof PushOperations, summary: string): object => ({
  operationId: `${name}.${type}`,
  summary,
  'x-goflow-result': { $ref: atOf(`${type}.result`) },
});

/** That of any type, and its payload is that of this type. */
const bodyOf = (general: string, typed: JsonSchema): object => ({
  required: true,
  content: { 'application/json': { schema: { allOf: [{ $ref: atOf(general) }, typed] } } },
});

const pathOf = (path: string, post: object): string =>
  `${JSON.stringify(path)}:${JSON.stringify({ post })}`;
