import { type Broker, isGoflowError } from '@goflow/shared';
import { isInstance, type RedisGiven } from './bullmq/redis-given.js';
import { brokerRefused, troubleOf } from './bullmq/redis-reply-error.js';
import { readRedisUrl } from './redis-url.js';

/** What a warning is about: where Redis is to be, and how it is asked whether it answers. */
export interface AwayWarningOptions {
  readonly redis: RedisGiven;
  readonly broker: Pick<Broker, 'ping'>;
}

/** How long a trouble may last before anything is said, and how long Redis is then given for an answer. */
const PATIENCE_MS = 1_000;
/** `node --disable-warning=GOFLOW_WAITS_FOR_REDIS` silences it. */
const CODE = 'GOFLOW_WAITS_FOR_REDIS';

/**
 * For who has no logger: a program that waits for Redis would do so without a word. Gives what is to be told of each trouble with Redis. Where it
 * still gives no answer a second after one, that is said as a warning of the process (on stderr, unless it is told otherwise), once.
 */
export function warnWhenAway({ redis, broker }: AwayWarningOptions): (error: Error) => void {
  let isLooking = false;
  let why: Error | undefined;
  const look = async (): Promise<void> => {
    const refusal = await refusalOf(broker);
    if (refusal === undefined) {
      isLooking = false;
      why = undefined;
      return;
    }
    if (isGoflowError(refusal, 'CLIENT_CLOSED') || isGoflowError(refusal, 'WORKER_STOPPED')) return;
    const message = `waiting for Redis at ${placeOf(redis)}: ${wordsOf(why)}`;
    process.emitWarning(message, { type: 'goflow', code: CODE });
  };
  return (error) => {
    if (why === undefined || isBare(why)) why = error;
    if (isLooking) return;
    isLooking = true;
    setTimeout(() => void look(), PATIENCE_MS).unref();
  };
}

/** Why Redis cannot be used now; `undefined` where it can. */
async function refusalOf(broker: Pick<Broker, 'ping'>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve('late'), PATIENCE_MS).unref();
  });
  const answer = broker.ping().catch((error: unknown) => error);
  const refusal = await Promise.race([answer, late]);
  clearTimeout(timer);
  return refusal;
}

/** ioredis says so of every connection that ends, whatever ended it. */
const isBare = ({ message }: Error): boolean => message === 'Connection is closed.';

function wordsOf(error: Error | undefined): string {
  const { code, message = '' } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return 'nobody listens there';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the name cannot be resolved';
  const trouble = troubleOf(error);
  if ('word' in trouble) return brokerRefused(trouble.word, error).message;
  return message || 'no answer';
}

/** Without user and password. */
function placeOf(given: RedisGiven): string {
  if (isInstance(given))
    return given.isCluster ? 'the nodes of the Cluster' : placeIn(given.options);
  if (typeof given !== 'string') return placeIn(given);
  const url = readRedisUrl(given);
  if (url.kind === 'cluster') return listOf(url.nodes);
  if (url.kind === 'sentinel') return placeIn(url.options);
  const { host, port } = new URL(given);
  return port === '' ? `${host}:6379` : host;
}

/** Those options of ioredis that say where: of a server, its socket, or the sentinels of a master. */
interface Place {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly sentinels?: readonly { readonly host?: string; readonly port?: number }[] | null;
  readonly name?: string;
}

function placeIn(given: object): string {
  const { host, port, path, sentinels, name } = given as Place;
  if (sentinels) return `${name}, of the sentinels ${listOf(sentinels)}`;
  return path ?? listOf([{ ...(host && { host }), ...(port && { port }) }]);
}

const listOf = (hosts: readonly { readonly host?: string; readonly port?: number }[]): string =>
  hosts
    .map(({ host = 'localhost', port = 6379 }) =>
      host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    )
    .join(', ');
