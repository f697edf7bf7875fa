import { inspect } from 'node:util';
import { createGoflow, defineTasks } from '@goflow/sdk';
import { RedisServer, testPrefix } from '@goflow/testing';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { ask } from '../support/http.js';
import { HANDLERS_DIR, runWorker, TASKS_FILE, urlOf } from '../support/program.js';

// Words that are planted where secrets are, and looked for in all that goflow writes.

const CANARY = {
  password: 'canary-password-7f3a',
  token: 'canary-token-0c9d-of-control',
  readToken: 'canary-token-1b8e-of-reading',
  guess: 'canary-token-2a7f-that-is-wrong',
  payload: 'canary-payload-9d1e',
} as const;

const tasks = defineTasks({
  echo: { payload: z.string(), result: z.string() },
  held: { payload: z.null(), result: z.any() },
});

/** The names of the canaries that are in a text; as they are, encoded for a URL, or in base64. */
function sung(text: string): string[] {
  const found = Object.entries(CANARY).filter(([, secret]) =>
    [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')].some((form) =>
      text.includes(form),
    ),
  );
  return found.map(([name]) => name);
}

/** Everything of a thrown value that a log could show. */
const shown = (thrown: unknown): string =>
  [
    inspect(thrown, { depth: 20, showHidden: true }),
    JSON.stringify(thrown),
    String(thrown),
    (thrown as Error).stack,
  ].join('\n');

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );

test('canaries are found in every form', () => {
  expect(sung(`redis://:${encodeURIComponent(CANARY.password)}@x`)).toEqual(['password']);
  expect(sung(Buffer.from(CANARY.token).toString('base64'))).toEqual(['token']);
  expect(
    sung(shown(Object.assign(new Error('x'), { command: { args: [CANARY.password] } }))),
  ).toEqual(['password']);
});

test('what a worker and a client write holds no password, no token and no payload', async () => {
  await using redis = await RedisServer.start({ password: CANARY.password });
  const prefix = testPrefix();
  const flags = [
    '--tasks',
    TASKS_FILE,
    '--handlers',
    HANDLERS_DIR,
    '--prefix',
    prefix,
    '--port',
    '0',
  ];
  const program = runWorker([...flags, '--log-level', 'debug'], {
    REDIS_URL: redis.url,
    GOFLOW_TOKEN: CANARY.token,
    GOFLOW_READ_TOKEN: CANARY.readToken,
  });
  const url = await urlOf(program);
  const goflow = createGoflow({ tasks, redis: redis.url, prefix, timeout: 1_000 });
  onTestFinished(() => goflow.close());
  expect(await goflow.wait(await goflow.push('echo', CANARY.payload))).toBe(CANARY.payload);
  const refused = await thrownBy(goflow.push('held', CANARY.payload as never));
  const answers: string[] = [];
  const bearers = [CANARY.token, CANARY.readToken, CANARY.guess].map((token) => `Bearer ${token}`);
  for (const path of ['/livez', '/readyz', '/metrics', '/concurrency', '/herd', '/nowhere'])
    for (const authorization of ['', ...bearers])
      for (const method of ['GET', 'PATCH', 'POST']) {
        const body = method === 'GET' ? '' : `{"${authorization.slice(0, 4)}":1}`;
        const answer = await ask(`${url}${path}`, { method, body, headers: { authorization } });
        answers.push(JSON.stringify([answer.headers, answer.text]));
      }
  const admin = new Redis(redis.url);
  const adverts = await admin.hgetall(`${prefix}:{fleet}:workers`);
  const clients = (await admin.client('LIST')) as string;
  // Cut off from Redis, it says so, at debug level.
  redis.pause();
  await thrownBy(goflow.push('echo', CANARY.payload)).then((error) => answers.push(shown(error)));
  redis.resume();
  await admin.config('SET', 'requirepass', 'another');
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal');
  await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await program.line(/NOAUTH|WRONGPASS/);
  answers.push(shown(await thrownBy(goflow.push('echo', CANARY.payload))));
  await admin.config('SET', 'requirepass', CANARY.password);
  admin.disconnect();
  await program.stop();
  expect(Object.keys(adverts)).toHaveLength(1);
  expect(sung(JSON.stringify(adverts))).toEqual([]);
  expect(sung(clients)).toEqual([]);
  expect(sung(answers.join('\n'))).toEqual([]);
  expect(sung(shown(refused))).toEqual([]);
  expect(sung(`${program.stdout}\n${program.stderr}`)).toEqual([]);
  expect(sung(inspect(goflow, { depth: 3 }))).toEqual([]);
});

test.each([
  ['the wrong password', (port: number) => `redis://:${CANARY.password}@127.0.0.1:${port}`],
  ['a user that is none', (port: number) => `redis://me:${CANARY.password}@127.0.0.1:${port}`],
  ['a server that is none', () => `redis://:${CANARY.password}@127.0.0.1:1`],
  ['a host that is none', () => `redis://:${CANARY.password}@nowhere.invalid:6379`],
  ['TLS where there is none', (port: number) => `rediss://:${CANARY.password}@127.0.0.1:${port}`],
  ['no URL', () => `redis//:${CANARY.password}@127.0.0.1`],
  ['a port that is none', () => `redis://:${CANARY.password}@127.0.0.1:99999`],
])('%s: neither the client’s error nor the worker’s log shows the URL', async (_what, urlAt) => {
  await using redis = await RedisServer.start({ password: 'another' });
  const url = urlAt(redis.port);
  const lines: string[] = [];
  const note = (...line: unknown[]) => void lines.push(shown(line));
  const logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
  const error = await thrownBy(
    (async () => {
      const goflow = createGoflow({ tasks, redis: url, timeout: 300, logger });
      goflow.on('broker:trouble', note);
      try {
        await goflow.push('echo', 'x');
      } finally {
        await goflow.close();
      }
    })(),
  );
  expect(error).toBeInstanceOf(Error);
  expect(sung(shown(error) + lines.join('\n'))).toEqual([]);
  const program = runWorker(
    ['--tasks', TASKS_FILE, '--handlers', HANDLERS_DIR, '--log-level', 'debug', '--grace', '0s'],
    { REDIS_URL: url, GOFLOW_PORT: '0' },
  );
  await program.line(/OPTION_INVALID|"level":"(?:warn|error)"|"level":(?:40|50)/);
  await program.stop();
  expect(sung(`${program.stdout}\n${program.stderr}`)).toEqual([]);
});

test.each([
  ['GOFLOW_TOKEN', `${CANARY.token}\u0007`],
  ['GOFLOW_READ_TOKEN', 'canary-token'],
])('a wrong %s is refused, and not shown', async (name, token) => {
  const env = { GOFLOW_TOKEN: CANARY.token, GOFLOW_PORT: '0', [name]: token };
  const program = runWorker(['--tasks', TASKS_FILE, '--handlers', HANDLERS_DIR], env);
  expect(await program.exited).toEqual({ code: 2, signal: null });
  expect(program.stderr).toMatch(new RegExp(`OPTION_INVALID: .*\`${name}\``));
  expect(`${program.stdout}${program.stderr}`).not.toContain('canary');
});
