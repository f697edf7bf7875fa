import { expect, test } from 'vitest';
import { brokerRefused, brokerUnavailable, troubleOf } from './redis-reply-error.js';

const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' });

test.each([
  ["OOM command not allowed when used memory > 'maxmemory'.", 'transient', 'OOM'],
  ["READONLY You can't write against a read only replica.", 'transient', 'READONLY'],
  ['LOADING Redis is loading the dataset in memory', 'transient', 'LOADING'],
  ['MISCONF Redis is configured to save RDB snapshots', 'transient', 'MISCONF'],
  ['NOREPLICAS Not enough good replicas to write.', 'transient', 'NOREPLICAS'],
  ['CLUSTERDOWN The cluster is down', 'transient', 'CLUSTERDOWN'],
  ['ERR max number of clients reached', 'transient', 'MAXCLIENTS'],
  ['NOAUTH Authentication required.', 'transient', 'NOAUTH'],
  ['WRONGPASS invalid username-password pair', 'transient', 'WRONGPASS'],
  ['NOPERM this user has no permissions', 'transient', 'NOPERM'],
  [
    "ERR The user executing the script can't run this command or subcommand script: a1, on @user_script:1.",
    'transient',
    'NOPERM',
  ],
  [
    'ERR The user executing the script is lacking the permissions for the command',
    'transient',
    'NOPERM',
  ],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', 'refused', 'WRONGTYPE'],
  ["ERR unknown command 'EVALSHA'", 'refused', 'ERR'],
  ['CROSSSLOT Keys in request do not hash to the same slot', 'refused', 'ERR'],
])('the reply %s is %s, with the word %s', (message, kind, word) => {
  expect(troubleOf(reply(message))).toEqual({ kind, word });
});

test('of a cluster that cannot be reached, the error of its last node is told', () => {
  const error = (lastNodeError: Error): Error =>
    Object.assign(new Error('Failed to refresh slots cache.'), {
      name: 'ClusterAllFailedError',
      lastNodeError,
    });
  const refused = error(reply('WRONGPASS invalid username-password pair'));
  expect(troubleOf(refused)).toEqual({ kind: 'transient', word: 'WRONGPASS' });
  expect(brokerRefused('WRONGPASS', refused).message).toContain('invalid username-password pair');
  const away = error(new Error('certificate has expired'));
  expect(troubleOf(away)).toEqual({ kind: 'disconnected' });
  expect(brokerUnavailable(5, false, away).message).toContain('certificate has expired');
});

test('what a cluster said before ioredis gave up counts, unless it only sent the command elsewhere', () => {
  const givenUp = (said: string): Error =>
    new Error(`Too many Cluster redirections. Last error: ReplyError: ${said}`);
  expect(troubleOf(givenUp('CLUSTERDOWN Hash slot not served'))).toEqual({
    kind: 'transient',
    word: 'CLUSTERDOWN',
  });
  expect(troubleOf(givenUp('MOVED 1 127.0.0.1:1'))).toEqual({ kind: 'disconnected' });
});

test.each([
  [
    Object.assign(new Error('Reached the max retries per request limit'), {
      name: 'MaxRetriesPerRequestError',
    }),
  ],
  [new Error('Connection is closed.')],
  [new Error("Stream isn't writeable and enableOfflineQueue options is false")],
  [Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })],
  [Object.assign(new Error(''), { code: 'ECONNRESET' })],
  [new Error('getaddrinfo ENOTFOUND redis')],
])('a lost connection is told from an answer: %s', (error) => {
  expect(troubleOf(error)).toEqual({ kind: 'disconnected' });
});

test.each([
  [new Error('boom')],
  [new TypeError('x is not a function')],
  [null],
  [undefined],
  ['text'],
])('what has nothing to do with Redis is neither: %s', (error) => {
  expect(troubleOf(error)).toEqual({ kind: 'other' });
});

test('the errors say what to do, what Redis said, and whether it may have arrived', () => {
  const refused = brokerRefused('OOM', reply('OOM command not allowed'));
  expect(refused).toMatchObject({ code: 'BROKER_REFUSED', details: { reason: 'OOM' } });
  expect(refused.message).toMatch(/maxmemory.*OOM command not allowed/);
  expect(brokerUnavailable(5, true, undefined).message).toContain('may have been carried out');
  expect(brokerUnavailable(5, false, new Error('why')).message).toMatch(/nothing was sent: why/);
});
