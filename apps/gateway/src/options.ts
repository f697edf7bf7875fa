import {
  checkDistinct,
  type ListenOptions,
  resolveListenOptions,
  resolveTokens,
  type Tokens,
} from '@goflow/http/server';
import type {
  EncryptionOptions,
  Logger,
  RedisGiven,
  ResultStore,
  Tasks,
  Tracing,
} from '@goflow/sdk';
import {
  checkInteger,
  checkKnown,
  checkLogger,
  type Duration,
  invalidOption,
  SILENT_LOGGER,
  toMs,
} from '@goflow/shared';
import { checkGroup, checkMaxLabels } from '@goflow/shared/metrics';
import type { Role } from './roles.js';

/** Where a gateway listens, and which tokens open what. */
export interface GatewayHttpOptions {
  /** 0 to 65,535; 0 takes any free one. */
  readonly port: number;
  /** The address to listen on. Any other than this machine's own needs a token. @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** The bearer token of who may only look: 16 to 1,000 printable ASCII characters, or up to 10 of them. @default none */
  readonly readToken?: Tokens | undefined;
  /** Of who may also push and cancel tasks. @default none */
  readonly pushToken?: Tokens | undefined;
  /**
   * Of who may do all: also pause queues, redrive and discard dead letters, steer the fleet. @default none; without any token, who
   * reaches this machine's own address under one of its own names may do all
   */
  readonly operateToken?: Tokens | undefined;
}

/** Options of {@link createGateway}. */
export interface GatewayOptions {
  /** The contracts, from `defineTasks`: payloads are checked by them, and the API's description is made from them. */
  readonly tasks: Tasks;
  /** A URL, ioredis options, or an ioredis instance of your own, which the gateway uses and never closes. */
  readonly redis: RedisGiven;
  /** What every key in Redis begins with. @default 'goflow' */
  readonly prefix?: string | undefined;
  readonly http: GatewayHttpOptions;
  /** Requests that one caller (its token, else its address) may make in a second: 1 to 1,000,000. @default 1,000 */
  readonly rateLimit?: number | undefined;
  /** The largest body of a request in bytes: 1,024 to 64 MiB. @default 4 MiB */
  readonly bodyLimit?: number | undefined;
  /** Whether people get pages at `/dashboard`. @default true */
  readonly dashboard?: boolean | undefined;
  /** How many task types get a label of their own in metrics: the first that are seen; the rest is `other`. 0 to 10,000. @default 500 */
  readonly metricTypes?: number | undefined;
  /** The same for queues. @default 500 */
  readonly metricQueues?: number | undefined;
  /** The processes that one Prometheus scrapes, as in `createWorker`. @default one group of all who name none */
  readonly metricGroup?: string | undefined;
  /** How long requests that run may go on when the gateway stops: up to '1h'. @default '10s' */
  readonly grace?: Duration | undefined;
  /** Keys to read and write encrypted payloads with, as in `createGoflow`. @default none */
  readonly encryption?: EncryptionOptions | undefined;
  /** Where results are kept, as in `createGoflow`. @default with their tasks */
  readonly resultStore?: ResultStore | undefined;
  /**
   * Makes a trace of each push, a part of the one that its request names in `traceparent`: `createTracing()` of `@goflow/sdk/tracing`.
   * @default none
   */
  readonly tracing?: Tracing | undefined;
  /** Told of every request, and of trouble. Any pino logger will do. @default silent */
  readonly logger?: Logger | undefined;
}

/** {@link GatewayOptions} with defaults filled in. */
export interface ResolvedGatewayOptions {
  readonly listen: ListenOptions;
  /** By role; empty where none is asked for. */
  readonly tokens: Readonly<Record<Role, readonly string[]>>;
  readonly rateLimit: number;
  readonly bodyLimit: number;
  readonly dashboard: boolean;
  readonly metricTypes: number;
  readonly metricQueues: number;
  readonly metricGroup: string | undefined;
  readonly graceMs: number;
  readonly logger: Logger;
}

const KNOWN = [
  'tasks',
  'redis',
  'prefix',
  'http',
  'rateLimit',
  'bodyLimit',
  'dashboard',
  'metricTypes',
  'metricQueues',
  'metricGroup',
  'grace',
  'encryption',
  'resultStore',
  'tracing',
  'logger',
];
const KNOWN_HTTP = ['port', 'host', 'readToken', 'pushToken', 'operateToken'];
const MIB = 1024 * 1024;

/** Of a gateway's own; what it shares with clients, `createGoflow` checks. @throws OPTION_INVALID */
export function resolveGatewayOptions(given: GatewayOptions): ResolvedGatewayOptions {
  if (typeof given !== 'object' || given === null)
    throw invalidOption('createGateway options', 'an object', given);
  checkKnown('createGateway options', given, KNOWN);
  const { dashboard = true } = given;
  if (typeof dashboard !== 'boolean') throw invalidOption('dashboard', 'true or false', dashboard);
  return Object.freeze({
    ...resolveHttp(given.http),
    rateLimit: checkInteger('rateLimit', given.rateLimit ?? 1_000, [1, 1_000_000]),
    bodyLimit: checkInteger('bodyLimit', given.bodyLimit ?? 4 * MIB, [1_024, 64 * MIB]),
    dashboard,
    metricTypes: checkMaxLabels('metricTypes', given.metricTypes),
    metricQueues: checkMaxLabels('metricQueues', given.metricQueues),
    metricGroup: checkGroup('metricGroup', given.metricGroup),
    graceMs: toMs('grace', given.grace ?? '10s', { minMs: 0, maxMs: 3_600_000 }),
    logger: checkLogger(given.logger ?? SILENT_LOGGER),
  });
}

function resolveHttp(given: GatewayHttpOptions): Pick<ResolvedGatewayOptions, 'listen' | 'tokens'> {
  if (typeof given !== 'object' || given === null)
    throw invalidOption('http', 'an object with a port', given);
  checkKnown('http options', given, KNOWN_HTTP);
  const tokens = {
    read: resolveTokens('http.readToken', given.readToken),
    push: resolveTokens('http.pushToken', given.pushToken),
    operate: resolveTokens('http.operateToken', given.operateToken),
  };
  checkDistinct(['http.readToken', tokens.read], ['http.pushToken', tokens.push]);
  checkDistinct(['http.readToken', tokens.read], ['http.operateToken', tokens.operate]);
  checkDistinct(['http.pushToken', tokens.push], ['http.operateToken', tokens.operate]);
  const hasTokens = Object.values(tokens).some(({ length }) => length > 0);
  const listen = resolveListenOptions(given, { hasTokens, tokenName: 'http.operateToken' });
  return { listen, tokens };
}
