import { readFileSync } from 'node:fs';
import type { Tasks } from '@goflow/sdk';
import type { Endpoint } from '../endpoint.js';
import { BULK_BODY, PUSH_BODY, TASK_INFO, TASK_RESULT } from '../endpoints/task-schemas.js';
import { COMMON_RESPONSES, commonAnswersOf, withProblem } from './common-answers.js';
import { OPEN_PATHS } from './open-paths.js';
import type { JsonSchema } from './parts.js';
import { SCHEMAS } from './schemas.js';
import { type TypedPaths, typedPaths } from './typed-paths.js';

/** What the description is made of. */
export interface DocumentOptions {
  readonly tasks: Tasks;
  readonly endpoints: readonly Endpoint[];
  /** Whether a token is asked for. */
  readonly hasTokens: boolean;
}

const ABOUT =
  'Pushes tasks, asks for their results, administers queues, dead letters and the fleet. Errors are problems of RFC 9457 with a stable ' +
  '`code`. A token has one of the roles read, push and operate, each of which may do what those before it may; `x-goflow-role` says the ' +
  'least that an operation needs.';

const COMPONENTS: Readonly<Record<string, JsonSchema>> = {
  ...SCHEMAS,
  PushBody: PUSH_BODY,
  BulkBody: BULK_BODY,
  TaskResult: TASK_RESULT,
  TaskInfo: TASK_INFO,
};
const NAMES = new Map<unknown, string>(
  Object.entries(COMPONENTS).map(([name, schema]) => [schema, name]),
);

/**
 * Describes the API as OpenAPI 3.1: all endpoints, and pushes once more by a path for each task type, with the schemas of its payload and result.
 *
 * @returns JSON text; some 2 kB for each type
 */
export async function openApiDocument(options: DocumentOptions): Promise<string> {
  const { tasks, endpoints, hasTokens } = options;
  const typed = await typedPaths(tasks, {
    push: typedOperationOf('push', endpoints),
    pushMany: typedOperationOf('pushMany', endpoints),
  });
  const paths = Object.entries({ ...OPEN_PATHS, ...pathsOf(endpoints) });
  const schemas = Object.entries(COMPONENTS);
  const responses = { ...COMMON_RESPONSES, ...ownResponsesOf(endpoints) };
  const parts = [
    `"openapi":"3.1.1"`,
    `"info":${JSON.stringify(infoOf(typed))}`,
    `"servers":[{"url":"/"}]`,
    `"security":${JSON.stringify(hasTokens ? [{ bearer: [] }] : [{}, { bearer: [] }])}`,
    `"paths":{${[...paths.map(memberOf), ...typed.paths].join(',')}}`,
    `"components":{"securitySchemes":{"bearer":{"type":"http","scheme":"bearer"}}`,
    `"responses":{${Object.entries(responses).map(memberOf).join(',')}}`,
    `"schemas":{${[...schemas.map(memberOf), ...typed.schemas].join(',')}}}`,
  ];
  return `{${parts.join(',')}}`;
}

function infoOf({ leftOut }: TypedPaths): object {
  const rest = `\n\nOf ${leftOut} task types there is too much to be described; they are pushed by \`/tasks/{task}\`.`;
  return {
    title: 'goflow gateway',
    version: gatewayVersion(),
    description: `${ABOUT}${leftOut > 0 ? rest : ''}`,
  };
}

/** Shared schemas stand in one place, and what uses them refers to them. */
function memberOf([name, value]: readonly [string, unknown]): string {
  const json = JSON.stringify(value, (_key, part: unknown) => {
    const shared = part === value ? undefined : NAMES.get(part);
    return shared === undefined ? part : { $ref: `#/components/schemas/${shared}` };
  });
  return `${JSON.stringify(name)}:${json}`;
}

/** By path, then method. */
function pathsOf(endpoints: readonly Endpoint[]): Record<string, object> {
  const paths: Record<string, Record<string, object>> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operationOf(endpoint) };
  }
  return paths;
}

function operationOf(endpoint: Endpoint): object {
  const { operation, role } = endpoint;
  const own = Object.keys(operation.responses).map((status) => [
    status,
    { $ref: `#/components/responses/${nameOf(endpoint, status)}` },
  ]);
  const responses = { ...commonAnswersOf(endpoint), ...Object.fromEntries(own) };
  return { ...operation, responses, 'x-goflow-role': role };
}

/** The responses of endpoints, which paths of types have, too. */
function ownResponsesOf(endpoints: readonly Endpoint[]): Record<string, object> {
  const all = endpoints.flatMap((endpoint) =>
    Object.entries(endpoint.operation.responses).map(([status, response]) => [
      nameOf(endpoint, status),
      withProblem(status, response),
    ]),
  );
  return Object.fromEntries(all) as Record<string, object>;
}

const nameOf = ({ operation }: Endpoint, status: string): string =>
  `${operation.operationId}.${status}`;

/** One for a path that names the type itself. */
function typedOperationOf(id: 'push' | 'pushMany', endpoints: readonly Endpoint[]): object {
  const endpoint = endpoints.find(({ operation }) => operation.operationId === id);
  if (!endpoint) throw new Error(`no endpoint has the operationId ${id}`);
  const {
    description: _said,
    parameters = [],
    ...operation
  } = operationOf(endpoint) as {
    description?: string;
    parameters?: readonly { in: string }[];
  };
  const others = parameters.filter((parameter) => parameter.in !== 'path');
  return { ...operation, parameters: others };
}

function gatewayVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
