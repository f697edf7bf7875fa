import type { StandardSchemaV1 } from '@standard-schema/spec';
import { GoflowError } from '../errors/goflow-error.js';
import {
  type BackoffFunction,
  type ResolvedBackoffOptions,
  resolveBackoff,
} from '../options/backoff.js';
import { toMs } from '../options/duration.js';
import { checkInteger, checkKnown, invalidOption } from '../options/invalid-option.js';
import { checkQueueName, DEFAULT_QUEUE } from '../options/names.js';
import { MAX_ATTEMPTS, MAX_PRIORITY } from '../options/push-options.js';
import { MAX_HORIZON_MS, type ResolvedRetention, resolveRetention } from '../options/retention.js';
import { meantBy } from '../options/suggest.js';
import { MAX_CHUNK } from '../task/task-id.js';
import { type RedactPaths, resolveRedact } from './redaction.js';
import type { TaskDefinition, TaskDefinitions } from './task-definition.js';

/** One task type as goflow uses it: defaults filled in, durations in milliseconds. */
export interface TaskContract {
  readonly type: string;
  readonly queue: string;
  readonly payload: StandardSchemaV1;
  readonly result: StandardSchemaV1;
  readonly maxAttempts: number;
  /** `undefined` where any JSON may be reported. */
  readonly progress: StandardSchemaV1 | undefined;
  readonly backoff: ResolvedBackoffOptions | BackoffFunction;
  readonly timeoutMs: number;
  readonly startByMs: number | undefined;
  readonly deadlineMs: number | undefined;
  readonly priority: number;
  readonly chunk: number;
  readonly retention: ResolvedRetention;
  /** Where a payload holds what is not to be shown. */
  readonly redact: RedactPaths;
}

/** The contracts of a system: one value, imported by producers and workers alike. */
export interface Tasks<D extends TaskDefinitions = TaskDefinitions> {
  /** The definitions as given; types are inferred from them. */
  readonly definitions: D;
  /** The resolved contracts by task type. A map, so that a type named `constructor` is nothing special. */
  readonly contracts: ReadonlyMap<string, TaskContract>;
}

/** Refuses a misspelt option, which inference alone would take for one more field. */
type OnlyKnownOptions<D> = {
  readonly [Type in keyof D]: {
    readonly [Option in Exclude<keyof D[Type], keyof TaskDefinition>]: never;
  };
};

const TYPE = /^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*$/;
const MAX_TYPE_LENGTH = 100;
const KNOWN = [
  'payload',
  'result',
  'progress',
  'queue',
  'maxAttempts',
  'backoff',
  'timeout',
  'startBy',
  'deadline',
  'retention',
  'priority',
  'chunk',
  'redact',
];

/**
 * Defines the task types of a system.
 *
 * @param definitions task types by name: lower-case words with `.` or `-` between them, at most 100 characters
 * @throws TASK_TYPE_INVALID for a name that breaks that rule
 * @throws OPTION_INVALID for a definition without schemas, or with an option out of range
 * @example
 * export const tasks = defineTasks({
 *   repeater: { payload: z.string(), result: z.string() },
 *   'image.resize': { payload: Resize, result: Key, queue: 'images', maxAttempts: 5, timeout: '30s' },
 * });
 */
export function defineTasks<const D extends TaskDefinitions>(
  definitions: D & OnlyKnownOptions<D>,
): Tasks<D> {
  if (typeof definitions !== 'object' || definitions === null)
    throw invalidOption('tasks', 'an object of task definitions', definitions);
  if (isContract(definitions)) throw invalidOption('tasks', DEFINITIONS, definitions);
  const contracts = new Map<string, TaskContract>();
  for (const [type, definition] of Object.entries(definitions))
    contracts.set(type, resolveContract(type, definition));
  return Object.freeze({ definitions, contracts });
}

const DEFINITIONS =
  'task definitions, such as the .definitions of a contract: of contracts combineTasks(a, b) makes one';

/** What defineTasks() returned, or several of that spread into one object: a type named `contracts` is no map. */
const isContract = (given: object): boolean => (given as Partial<Tasks>).contracts instanceof Map;

/** True for a name that a task type may have. */
export function isTaskType(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_TYPE_LENGTH && TYPE.test(value);
}

/** @throws TASK_TYPE_UNKNOWN, naming the types that are known. */
export function contractOf(tasks: Tasks, type: unknown): TaskContract {
  const contract = typeof type === 'string' ? tasks.contracts.get(type) : undefined;
  if (contract) return contract;
  const known = [...tasks.contracts.keys()];
  const named = typeof type === 'string' ? `"${type.slice(0, MAX_TYPE_LENGTH)}"` : typeof type;
  const meant = typeof type === 'string' ? meantBy(type, known) : '';
  const types = `known are: ${known.slice(0, 20).join(', ')}`;
  throw new GoflowError('TASK_TYPE_UNKNOWN', `no task type ${named};${meant} ${types}`);
}

function resolveContract(type: string, given: TaskDefinition): TaskContract {
  if (!isTaskType(type))
    throw new GoflowError(
      'TASK_TYPE_INVALID',
      `Expected a task type to be lower-case words joined by . or -, at most 100 characters, got "${type.slice(0, 120)}"`,
    );
  const at = (field: string) => `${type}.${field}`;
  if (typeof given !== 'object' || given === null)
    throw invalidOption(type, 'a task definition', given);
  if (isContract(given)) throw invalidOption(type, DEFINITIONS, given);
  checkKnown(type, given, KNOWN);
  return Object.freeze({
    type,
    queue: checkQueueName(at('queue'), given.queue ?? DEFAULT_QUEUE),
    payload: checkSchema(at('payload'), given.payload),
    result: checkSchema(at('result'), given.result),
    maxAttempts: checkInteger(at('maxAttempts'), given.maxAttempts ?? 3, [1, MAX_ATTEMPTS]),
    progress:
      given.progress === undefined ? undefined : checkSchema(at('progress'), given.progress),
    backoff:
      typeof given.backoff === 'function'
        ? given.backoff
        : resolveBackoff(given.backoff, at('backoff')),
    timeoutMs: toMs(at('timeout'), given.timeout ?? '5m', { minMs: 1 }),
    startByMs: optionalMs(at('startBy'), given.startBy),
    deadlineMs: optionalMs(at('deadline'), given.deadline),
    priority: checkInteger(at('priority'), given.priority ?? 0, [0, MAX_PRIORITY]),
    chunk: checkInteger(at('chunk'), given.chunk ?? 1, [1, MAX_CHUNK]),
    retention: resolveRetention(given.retention, at('retention')),
    redact: resolveRedact(given.redact, at('redact')),
  });
}

function optionalMs(name: string, given: unknown): number | undefined {
  return given === undefined ? undefined : toMs(name, given, { minMs: 1, maxMs: MAX_HORIZON_MS });
}

function checkSchema(name: string, schema: unknown): StandardSchemaV1 {
  const isObject = (typeof schema === 'object' && schema !== null) || typeof schema === 'function';
  const standard = isObject ? (schema as Partial<StandardSchemaV1>)['~standard'] : undefined;
  if (typeof standard?.validate === 'function') return schema as StandardSchemaV1;
  throw invalidOption(name, 'a Standard Schema (zod, valibot, arktype …)', schema);
}
