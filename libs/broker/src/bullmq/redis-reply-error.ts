import { GoflowError, toFailure } from '@goflow/shared';

/** What an error of the Redis client says about the command that met it. */
export type RedisTrouble =
  /** Redis answered, and the same command may succeed when its state has changed. */
  | { readonly kind: 'transient'; readonly word: string }
  /** Redis answered, and will answer the same until somebody acts. */
  | { readonly kind: 'refused'; readonly word: string }
  /** No answer: the connection is away. The command may have been carried out. */
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'other' };

/** The first word of an error reply, and what to do about it. Source: the error replies of Redis 7. */
const CURES: Readonly<Record<string, string>> = {
  OOM: 'Redis is out of memory: raise maxmemory, shorten retention, or wait until workers have caught up',
  READONLY: 'this Redis is a read-only replica: connect to its master, or through Sentinel',
  LOADING: 'Redis is still loading its data',
  MASTERDOWN: 'this replica has lost its master',
  NOREPLICAS: 'Redis has too few replicas to accept writes',
  MISCONF: 'Redis cannot write to its disk: look into its log',
  CLUSTERDOWN: 'the Redis Cluster is down or has lost slots',
  TRYAGAIN: 'the Redis Cluster is moving slots',
  MOVED: 'this is one node of a Redis Cluster: name it redis+cluster://host:port',
  BUSY: 'a script blocks Redis',
  MAXCLIENTS:
    'Redis has no room for another connection: raise maxclients, or find out who does not close theirs',
  UNBLOCKED: 'the connection was moved to another server',
  NOAUTH:
    'Redis needs a password: put it into the URL (redis://:password@host) or into the options',
  WRONGPASS: 'the password or the user for Redis is wrong',
  NOPERM:
    'the Redis user lacks a right, `ACL LOG` says which: see docs/redis.md for the rights that goflow needs',
  ERR: 'see the message of Redis',
  WRONGTYPE: 'a key of goflow is of another type: is something else using this prefix?',
};

const TRANSIENT = new Set([
  'OOM',
  'READONLY',
  'LOADING',
  'MASTERDOWN',
  'NOREPLICAS',
  'MISCONF',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'BUSY',
  'MAXCLIENTS',
  'UNBLOCKED',
  // Rights and passwords are put right while workers run.
  'NOAUTH',
  'WRONGPASS',
  'NOPERM',
]);

const AWAY = new Set(['MaxRetriesPerRequestError', 'AbortError', 'ClusterAllFailedError']);
const AWAY_TEXT =
  /Connection is closed|Stream isn't writeable|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENETUNREACH|Socket timeout|Command timed out|Too many Cluster redirections|None of startup nodes|All sentinels are unreachable/;

/** What Redis before 7.2 says of a right that is missing for a command of a script. */
const DENIED_IN_SCRIPT = /The user executing the script (?:can't|is lacking)/;

/** How ioredis gives up after a cluster has said the same again and again; what it said comes after this. */
const GIVEN_UP = /^Too many Cluster redirections\. Last error: (?:\w*Error: )?/;

/** Tells what kind of trouble an error of the Redis client is. */
export function troubleOf(error: unknown): RedisTrouble {
  const { name = '', message = '', code = '' } = (error ?? {}) as Readonly<Record<string, string>>;
  const ofNode = lastNodeErrorOf(error);
  if (ofNode) return refusalOr({ kind: 'disconnected' }, troubleOf(ofNode));
  const reply = message.replace(GIVEN_UP, '');
  if (name === 'ReplyError' || /^[A-Z]{3,}\b/.test(reply)) {
    const word = /^(?:ERR Error running script.*?: )?([A-Z]{2,})\b/.exec(reply)?.[1] ?? 'ERR';
    // These have no words of their own.
    if (reply.includes('max number of clients')) return { kind: 'transient', word: 'MAXCLIENTS' };
    if (DENIED_IN_SCRIPT.test(reply)) return { kind: 'transient', word: 'NOPERM' };
    if (TRANSIENT.has(word)) return { kind: 'transient', word };
    if (name === 'ReplyError') return { kind: 'refused', word: word in CURES ? word : 'ERR' };
  }
  const text = `${name} ${message} ${code}`;
  return AWAY.has(name) || AWAY_TEXT.test(text) ? { kind: 'disconnected' } : { kind: 'other' };
}

/** What ioredis met at the last node of a cluster when it could reach none. Its own error does not say so. */
function lastNodeErrorOf(error: unknown): Error | undefined {
  const { lastNodeError } = (error ?? {}) as { readonly lastNodeError?: unknown };
  return lastNodeError instanceof Error ? lastNodeError : undefined;
}

function refusalOr(other: RedisTrouble, trouble: RedisTrouble): RedisTrouble {
  return trouble.kind === 'transient' || trouble.kind === 'refused' ? trouble : other;
}

/** BROKER_REFUSED: Redis answered with an error. */
export function brokerRefused(word: string, cause: unknown): GoflowError {
  const bare = bareCause(cause);
  const message = `Redis refused the command: ${CURES[word] ?? 'see the message of Redis'} (${bare.message})`;
  return new GoflowError('BROKER_REFUSED', message, { cause: bare, details: { reason: word } });
}

/** BROKER_UNAVAILABLE: no answer within the time allowed. */
export function brokerUnavailable(afterMs: number, sent: boolean, cause: unknown): GoflowError {
  const bare = cause === undefined ? undefined : bareCause(cause);
  const why = bare?.message ? `: ${bare.message}` : '';
  const doubt = sent ? '; the command may have been carried out' : '; nothing was sent';
  return new GoflowError(
    'BROKER_UNAVAILABLE',
    `Redis gave no answer within ${afterMs} ms${doubt}${why}`,
    { cause: bare, details: { afterMs, sent } },
  );
}

/** The client's error without its command: that of a refused AUTH holds the password. */
export function bareCause(cause: unknown): Error {
  const { name, message, code } = toFailure(cause, '');
  const ofNode = lastNodeErrorOf(cause);
  const why = ofNode ? ` ${ofNode.message}` : '';
  return Object.assign(new Error(`${message}${why}`), code === '' ? { name } : { name, code });
}
