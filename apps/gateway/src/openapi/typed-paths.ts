import { setImmediate } from 'node:timers/promises';
import type { Tasks } from '@goflow/sdk';
import { describedSchema, type SchemaPlace } from './described-schema.js';

/** What is said of the task types, each part as the JSON text of a member of an object. */
export interface TypedPaths {
  /** Of `components.schemas`. */
  readonly schemas: readonly string[];
  /** Of `paths`. */
  readonly paths: readonly string[];
  /** Types that have no path of their own, because all would be too much. */
  readonly leftOut: number;
}

/** Of all types together: some 10,000. */
const MAX_LENGTH = 32 * 1024 * 1024;
/** What making it may take; types that come later are left out. It takes about a second for 2,000 types. */
const MAX_MS = 60_000;
/** Others are let in so often. */
const PAUSE_MS = 10;

/**
 * Describes a push of each type by a path of its own, of which generators of clients make a typed function.
 *
 * @param push the operation that pushes any type
 */
export async function typedPaths({ contracts }: Tasks, push: object): Promise<TypedPaths> {
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
    const path = pathOf(type, push);
    length += [...given, path].reduce((sum, text) => sum + text.length, 0);
    if (length > MAX_LENGTH || performance.now() > endsAt) break;
    schemas.push(...given);
    paths.push(path);
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

/** As for any type, and its payload is that of this type. */
function pathOf(type: string, push: object): string {
  const typed = {
    type: 'object',
    required: ['payload'],
    properties: { payload: { $ref: atOf(`${type}.payload`) } },
  };
  const schema = { allOf: [{ $ref: atOf('PushBody') }, typed] };
  const post = {
    ...push,
    operationId: `push.${type}`,
    summary: `Push one ${type}`,
    requestBody: { required: true, content: { 'application/json': { schema } } },
    'x-goflow-result': { $ref: atOf(`${type}.result`) },
  };
  return `${JSON.stringify(`/tasks/${type}`)}:${JSON.stringify({ post })}`;
}

const atOf = (name: string): string => `#/components/schemas/${name}`;
