import { dirname, resolve } from 'node:path';
import { type Logger, toFailure } from '@goflow/shared';
import { createLogger } from '@goflow/telemetry/logger';
import { type ProgramTracing, startTracing } from '@goflow/telemetry/program-tracing';
import { createWorker, type Worker } from '../worker.js';
import { loadAll } from './exec-programs.js';
import type { ProgramSettings } from './flags.js';
import { openFiles } from './open-files.js';
import { httpOf, namingTokens } from './tokens.js';

const TOKENS = { 'http.token': 'GOFLOW_TOKEN', 'http.readToken': 'GOFLOW_READ_TOKEN' };

/** A worker program that runs. */
export interface RunningProgram {
  readonly worker: Worker;
  readonly logger: Logger;
  /** `undefined`: the environment asks for no traces. */
  readonly tracing: ProgramTracing | undefined;
}

/**
 * Sets up traces, loads contracts and handlers, and makes a worker.
 *
 * @throws what {@link startTracing}, {@link loadAll} and `createWorker` throw
 */
export async function runProgram(
  settings: ProgramSettings,
  env: Readonly<Record<string, string | undefined>>,
): Promise<RunningProgram> {
  const log = createLogger({ level: settings.logLevel });
  const folders = foldersOf(settings);
  const tracing = await startTracing({ env, folders, service: 'goflow-worker' });
  const { tasks, handlers } = await loadAll(settings);
  const { redis, prefix, concurrency, port, host, token, readToken, ...rest } = settings;
  const { grace, lease, sharedCalls, compressAbove, encryptionKeys } = rest;
  const { metricTypes, metricQueues, metricGroup } = rest;
  const { minConcurrency: min, maxConcurrency: max, label: labels } = rest;
  const http = httpOf({ port, host, token, readToken });
  const options = {
    tasks,
    handlers,
    redis,
    prefix,
    concurrency,
    concurrencyBounds: { min, max },
    labels,
    http,
    grace,
    lease,
    sharedCalls,
    compressAbove,
    metricTypes,
    metricQueues,
    metricGroup,
    encryption: encryptionKeys,
    tracing: tracing?.tracing,
    logger: log,
  };
  const worker = namingTokens(TOKENS, env, () => createWorker(options));
  const logger = log.child({ worker: worker.name });
  const open = await openModules(settings);
  if (open.length > 0)
    logger.warn({ paths: open }, 'every user of this machine may change the code that runs here');
  const missing = [...tasks.contracts.keys()].filter((type) => !handlers.types.includes(type));
  if (missing.length > 0) logger.warn({ types: missing }, 'these task types have no handler here');
  return { worker, logger, tracing };
}

/** Where the packages of the user may be. */
function foldersOf({ tasks, handlers }: ProgramSettings): readonly string[] {
  const given = [handlers, tasks === undefined ? undefined : dirname(tasks), '.'];
  return given.flatMap((folder) => (folder === undefined ? [] : [resolve(folder)]));
}

/** Files of code that everybody may change. */
async function openModules({ tasks, handlers }: ProgramSettings): Promise<readonly string[]> {
  if (tasks === undefined || handlers === undefined) return [];
  return openFiles(tasks, handlers).catch(() => []);
}

/** What a handler threw outside its own promise: said and counted, and the worker goes on. */
export function reportEscaped({ worker, logger }: RunningProgram, thrown: unknown): void {
  worker.metrics.countEscaped();
  const failure = toFailure(thrown, 'HANDLER_ESCAPED');
  logger.error({ code: 'HANDLER_ESCAPED', failure }, 'a handler threw outside its own promise');
}
