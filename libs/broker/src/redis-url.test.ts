import { expect, test } from 'vitest';
import { checkRedisUrl, readRedisUrl } from './redis-url.js';

test.each([
  'redis://localhost',
  'redis://user:pass,word@localhost:6379/2',
  'rediss://:p@[::1]:6379?family=6',
])('one server: ioredis reads the URL itself: %s', (url) => {
  expect(readRedisUrl(url)).toEqual({ kind: 'single', url });
  expect(checkRedisUrl('redis', url)).toBe(url);
});

test('a Cluster: any of its nodes, and who logs in', () => {
  expect(readRedisUrl('redis+cluster://a_1:7000,10.0.0.2,[::1]:7002')).toEqual({
    kind: 'cluster',
    nodes: [
      { host: 'a_1', port: 7000 },
      { host: '10.0.0.2', port: 6379 },
      { host: '::1', port: 7002 },
    ],
    login: {},
  });
  expect(readRedisUrl('rediss+cluster://me:p%40%2F%25@a.example:7000/0')).toEqual({
    kind: 'cluster',
    nodes: [{ host: 'a.example', port: 7000 }],
    login: { username: 'me', password: 'p@/%', tls: {} },
  });
});

test('Sentinels: the name of the master, its database, and two logins', () => {
  expect(readRedisUrl('redis+sentinel://a,b:1/main')).toEqual({
    kind: 'sentinel',
    options: {
      sentinels: [
        { host: 'a', port: 26379 },
        { host: 'b', port: 1 },
      ],
      name: 'main',
      db: 0,
    },
  });
  const all =
    'rediss+sentinel://:secret@a:1/main/3?sentinelUsername=watch&sentinelPassword=a%26%3D+b';
  expect(readRedisUrl(all)).toEqual({
    kind: 'sentinel',
    options: {
      sentinels: [{ host: 'a', port: 1 }],
      name: 'main',
      db: 3,
      password: 'secret',
      sentinelUsername: 'watch',
      sentinelPassword: 'a&=+b',
      tls: {},
      sentinelTLS: {},
      enableTLSForSentinelMode: true,
    },
  });
});

const CANARY = 'canary';
const KINDS = /begins with redis:\/\/, redis\+cluster:\/\/ or redis\+sentinel:\/\/.*, got "/;

test.each([
  ['', KINDS],
  [CANARY, KINDS],
  [`http://:${CANARY}@host`, KINDS],
  [`redis+cloud://:${CANARY}@host`, KINDS],
  [`redis+cluster:/:${CANARY}@host`, KINDS],
  [`redis://:${CANARY}@a b`, KINDS],
  ['redis://', /a URL like redis:\/\/user:password@host:6379\/0/],
  [`redis://:${CANARY}@host:99999`, /a URL like/],
  [`redis://:${CANARY}@a:6379,redis://:${CANARY}@b:6379`, /one host behind redis:\/\//],
  [`redis://:${CANARY}@a:6379,b:6379`, /one host behind redis:\/\//],
  [`redis://:${CANARY}@a?commandTimeout=1`, /without \?commandTimeout/],
  [`redis+cluster://:${CANARY}@`, /host:port,host:port/],
  [`redis+cluster://:${CANARY}@a:7000,`, /host:port,host:port/],
  [`redis+cluster://:${CANARY}@a:0`, /each port from 1 to 65535/],
  [`redis+cluster://:${CANARY}@a:65536`, /each port from 1 to 65535/],
  [`redis+cluster://a:1,redis+cluster://:${CANARY}@b:1`, /percent-encoded/],
  ['redis+cluster://a:1,redis+cluster://b:1', /without a database|scheme named once/],
  [`redis+cluster://:${CANARY}@a:1/1`, /without a database: a Cluster has one, 0/],
  [`redis+cluster://:${CANARY}@a:1?x=1`, /without \?options/],
  [`redis+cluster://${CANARY}@a:1`, /user:password@ or :password@/],
  [`redis+cluster://user:${CANARY}/x@a:1`, /percent-encoded/],
  [`redis+cluster://user:${CANARY}@x@a:1`, /percent-encoded/],
  [`redis+cluster://user:${CANARY}%zz@a:1`, /percent-encoded/],
  [`redis+cluster://user:${CANARY}`, /host:port,host:port/],
  [`redis+sentinel://:${CANARY}@a:1`, /\/name-of-the-master/],
  [`redis+sentinel://:${CANARY}@a:1/`, /\/name-of-the-master/],
  [`redis+sentinel://:${CANARY}@a:1/main/x`, /\/name-of-the-master\/database/],
  [`redis+sentinel://:${CANARY}@a:1/main?password=${CANARY}`, /other than sentinelUsername/],
  [`redis+sentinel://a:1/main?sentinelPassword=${CANARY}@x`, /percent-encoded/],
  [`redis+sentinel://a:1/main?sentinelUsername=${CANARY}`, /other than sentinelUsername/],
  [`redis+sentinel://a:1/main?sentinelPassword=x&${CANARY}`, /other than sentinelUsername/],
])('what is wrong is said, and nothing of a password: %s', (url, told) => {
  let thrown: unknown;
  try {
    readRedisUrl(url, '--redis');
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: 'OPTION_INVALID' });
  const { message, stack } = thrown as Error;
  expect(message).toMatch(told);
  expect(message).toMatch(/^Expected `--redis` to be /);
  expect(`${message} ${stack}`).not.toContain(CANARY);
});
