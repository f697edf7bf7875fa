import type { Cluster, Redis } from 'ioredis';

/** The oldest Redis whose scripts and options goflow relies on. */
export const MIN_REDIS_VERSION = '6.2';

/**
 * Looks at how a Redis is set up and says what is unwise, one sentence each. What it may not ask is passed over: managed
 * services forbid CONFIG.
 */
export async function auditRedis(redis: Redis | Cluster): Promise<readonly string[]> {
  const info = parseInfo(await redis.info().catch(() => ''));
  const findings: string[] = [];
  const policy = info.get('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction')
    findings.push(
      `maxmemory-policy is ${policy}: Redis will throw tasks, results and leases away when memory is short. Set it to noeviction.`,
    );
  if (info.get('role') === 'slave')
    findings.push(
      'this Redis is a replica: it refuses writes, and no task can be taken. Connect to its master.',
    );
  if (info.get('aof_enabled') === '0' && (await hasSnapshots(redis)) === false)
    findings.push('Redis keeps nothing on disk: a restart loses every task. Set appendonly yes.');
  const version = info.get('redis_version');
  if (version !== undefined && isTooOld(version))
    findings.push(`Redis ${version} is too old: goflow needs ${MIN_REDIS_VERSION} or later.`);
  return findings;
}

/** The fields of an answer to INFO. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => line.includes(':'));
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}

/** Whether Redis saves all its data to its disk now and then; `undefined` where it may not be asked. */
export async function hasSnapshots(redis: Redis | Cluster): Promise<boolean | undefined> {
  try {
    const [, save] = (await redis.config('GET', 'save')) as string[];
    return save === undefined ? undefined : save !== '';
  } catch {
    return undefined;
  }
}

/** Whether goflow needs a later Redis. */
export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [minMajor = 0, minMinor = 0] = MIN_REDIS_VERSION.split('.').map(Number);
  return major < minMajor || (major === minMajor && minor < minMinor);
}
