import { readFileSync } from 'node:fs';
import type { Tasks } from '@goflow/sdk';
import { GoflowError } from '@goflow/shared';
import type { Endpoint, Operation } from '../endpoint.js';
import {
  BULK_BODY,
  IDEMPOTENCY_KEY,
  PUSH_BODY,
  TASK_INFO,
  TASK_RESULT,
  TRACEPARENT,
} from '../endpoints/task-schemas.js';
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
/** Parameters of several operations. */
const PARAMETERS: Readonly<Record<string, object>> = {
  IdempotencyKey: IDEMPOTENCY_KEY,
  Traceparent: TRACEPARENT,
};
const PARAMETER_NAMES = new Map(Object.entries(PARAMETERS).map(([name, one]) => [one, name]));
/** Where shared parts stand. */
const PLACES = new Map<unknown, string>([
  ...Object.entries(COMPONENTS).map(([name, one]) => [one, `schemas/${name}`] as const),
  ...Object.entries(PARAMETERS).map(([name, one]) => [one, `parameters/${name}`] as const),
]);

/**
 * Describes the API as OpenAPI 3.1: all endpoints, and pushes once more by a path for each task type, with the schemas of its payload and result.
 *
 * @returns JSON text; some 2 kB for each type
 */
export async function openApiDocument(options: DocumentOptions): Promise<string> {
  const { tasks, endpoints, hasTokens } = options;
  const typed = await typedPaths(tasks, typedPushOf(endpoints));
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
    `"parameters":{${Object.entries(PARAMETERS).map(memberOf).join(',')}}`,
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

const memberOf = ([name, value]: readonly [string, unknown]): string =>
  `${JSON.stringify(name)}:${jsonOf(value)}`;

/** Shared parts stand in one place, and what uses them refers to them. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    const place = part === value ? undefined : PLACES.get(part);
    return place === undefined ? part : { $ref: `#/components/${place}` };
  });
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

function operationOf(endpoint: Endpoint): Operation {
  const { operation, role } = endpoint;
  const own = Object.keys(operation.responses).map((status) => [
    status,
    { $ref: `#/components/responses/${nameOf(endpoint, status)}` },
  ]);
  const responses = { ...commonAnswersOf(endpoint), ...Object.fromEntries(own) };
  const documented = { ...operation, responses, 'x-goflow-role': role };
  return documented;
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

/** Of a path that names the type itself. */
function typedPushOf(endpoints: readonly Endpoint[]): object {
  const endpoint = endpoints.find(({ operation }) => operation.operationId === 'push');
  if (!endpoint) throw new GoflowError('INTERNAL', 'there is no endpoint that pushes');
  const { description: _general, ...operation } = operationOf(endpoint);
  const isOfHeader = (one: object): boolean => PARAMETER_NAMES.has(one);
  const parameters = (operation.parameters ?? []).filter(isOfHeader);
  return JSON.parse(jsonOf({ ...operation, parameters })) as object;
}

function gatewayVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
