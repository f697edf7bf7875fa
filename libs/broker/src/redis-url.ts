// Where Redis is, as a URL says it. Needs nothing of ioredis, which takes long to load; programs check their flags with it.
import { type GoflowError, invalidOption } from '@goflow/shared';

/** Where one server listens. */
export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

/** What a user logs in with, and whether over TLS: options of ioredis. */
export interface RedisLogin {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: Record<never, never>;
}

/** What ioredis needs to know to reach the master through its sentinels. */
export interface RedisSentinelPlace extends RedisLogin {
  readonly sentinels: RedisHost[];
  /** Of the master. */
  readonly name: string;
  readonly db?: number;
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
  readonly sentinelTLS?: Record<never, never>;
  readonly enableTLSForSentinelMode?: boolean;
}

/** A URL, read. */
export type RedisUrl =
  /** One server; ioredis reads the rest of such a URL itself. */
  | { readonly kind: 'single'; readonly url: string }
  | { readonly kind: 'sentinel'; readonly options: RedisSentinelPlace }
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisHost[]; readonly login: RedisLogin };

/** Settings of ioredis that goflow decides; a caller's are put aside, because each of them has been seen to lose or freeze tasks. */
export const DECIDED = [
  'maxRetriesPerRequest',
  'enableOfflineQueue',
  'commandTimeout',
  'lazyConnect',
];

const KINDS =
  'a URL that begins with redis://, redis+cluster:// or redis+sentinel:// (with TLS: rediss://, rediss+cluster://, rediss+sentinel://)';
const ONE_HOST =
  'a URL with one host behind redis://; of several say what they are: redis+cluster://host:port,host:port or redis+sentinel://host:port,host:port/name-of-the-master';
const HOSTS = 'a URL with host:port,host:port, the scheme named once, each port from 1 to 65535';
const LOGIN =
  'a URL with user:password@ or :password@ before the first host, with / ? # @ % percent-encoded';
const SENTINEL_PORT = 26_379;
const REDIS_PORT = 6_379;

/**
 * Reads a URL: `redis://host:6379/0`, `redis+cluster://user:password@host:7000,host:7001`,
 * `redis+sentinel://user:password@host:26379,host:26379/name-of-the-master/0`; `rediss…` is TLS.
 *
 * @throws OPTION_INVALID that names the option and what is wrong; of the URL it shows the scheme only: the rest may hold a password
 */
export function readRedisUrl(url: string, option = 'redis'): RedisUrl {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(\S*)$/i.exec(url) ?? [];
  const refuse: Refuse = (rule) =>
    invalidOption(option, rule, scheme === '' ? '(not shown)' : `${scheme}://…`);
  const [, isTls, kind] = /^redis(s?)(?:\+(cluster|sentinel))?$/.exec(scheme) ?? [];
  if (isTls === undefined) throw refuse(KINDS);
  if (kind === undefined) return readSingle(url, rest, refuse);
  const parts = partsOf(rest, refuse);
  const tls = isTls === '' ? {} : { tls: {} };
  return kind === 'cluster' ? readCluster(parts, tls, refuse) : readSentinel(parts, tls, refuse);
}

/** The same URL, after {@link readRedisUrl} had nothing to say against it. @throws OPTION_INVALID */
export function checkRedisUrl(option: string, url: string): string {
  readRedisUrl(url, option);
  return url;
}

type Refuse = (rule: string) => GoflowError;

/** What the URL of several hosts is made of. */
interface Parts {
  readonly login: RedisLogin;
  readonly hosts: readonly string[];
  readonly path: readonly string[];
  readonly query: string;
}

function readSingle(url: string, rest: string, refuse: Refuse): RedisUrl {
  const host = rest.slice(rest.lastIndexOf('@') + 1).split(/[/?#]/)[0] ?? '';
  if (host.includes(',') || /,rediss?:\/\//.test(rest)) throw refuse(ONE_HOST);
  if (rest === '' || !URL.canParse(url))
    throw refuse('a URL like redis://user:password@host:6379/0');
  // ioredis would let them win over what goflow decides.
  const names = [...new URL(url).searchParams.keys()];
  const refused = names.find((name) => [...DECIDED, 'keyPrefix'].includes(name));
  if (refused !== undefined) throw refuse(`a URL without ?${refused}`);
  return { kind: 'single', url };
}

function readCluster({ login, hosts, path, query }: Parts, tls: object, refuse: Refuse): RedisUrl {
  if (!['', '0'].includes(path.join('/')))
    throw refuse('a URL without a database: a Cluster has one, 0');
  if (query !== '') throw refuse('a URL without ?options');
  const nodes = hosts.map((host) => readHost(host, REDIS_PORT, refuse));
  return { kind: 'cluster', nodes, login: { ...login, ...tls } };
}

function readSentinel({ login, hosts, path, query }: Parts, tls: object, refuse: Refuse): RedisUrl {
  const [name = '', db = '0', ...more] = path;
  if (!/^[\w.-]+$/.test(name) || !/^\d{1,5}$/.test(db) || more.length > 0)
    throw refuse(
      'a URL with /name-of-the-master, or /name-of-the-master/database, behind the hosts',
    );
  const sentinels = hosts.map((host) => readHost(host, SENTINEL_PORT, refuse));
  const both = 'tls' in tls ? { ...tls, sentinelTLS: {}, enableTLSForSentinelMode: true } : {};
  const ofSentinels = readSentinelLogin(query, refuse);
  const options = { sentinels, name, db: Number(db), ...login, ...ofSentinels, ...both };
  return { kind: 'sentinel', options };
}

/** What is before the last `@` is the login, so that no part of a password is ever taken for something else. */
function partsOf(rest: string, refuse: Refuse): Parts {
  const at = rest.lastIndexOf('@');
  const login = at < 0 ? {} : readLogin(rest.slice(0, at), refuse);
  const [, hosts = '', path = '', query = ''] =
    /^([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(rest.slice(at + 1)) ?? [];
  return { login, hosts: hosts.split(','), path: path === '' ? [] : path.split('/'), query };
}

function readLogin(text: string, refuse: Refuse): RedisLogin {
  const [, user, password] = /^([^:/?#@]*):([^/?#@]+)$/.exec(text) ?? [];
  if (password === undefined) throw refuse(LOGIN);
  const username = user ? { username: decoded(user, refuse) } : {};
  return { ...username, password: decoded(password, refuse) };
}

function readHost(text: string, usualPort: number, refuse: Refuse): RedisHost {
  const [, address, name, port = `${usualPort}`] =
    /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = address ?? name;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) throw refuse(HOSTS);
  return { host, port: Number(port) };
}

/** The sentinels have users of their own: `?sentinelUsername=…&sentinelPassword=…`. */
function readSentinelLogin(query: string, refuse: Refuse): object {
  const rule =
    'a URL without ?options other than sentinelUsername and sentinelPassword, percent-encoded, each once';
  const found: Record<string, string> = {};
  for (const pair of query === '' ? [] : query.split('&')) {
    const [, name, value] = /^(sentinelUsername|sentinelPassword)=([^=]+)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined || name in found) throw refuse(rule);
    found[name] = decoded(value, refuse);
  }
  if ('sentinelUsername' in found && !('sentinelPassword' in found)) throw refuse(rule);
  return found;
}

function decoded(text: string, refuse: Refuse): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Without the cause: it quotes nothing today, and must not tomorrow.
    throw refuse(LOGIN);
  }
}
