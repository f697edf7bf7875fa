import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isGoflowError } from '@goflow/shared';
import { expect, onTestFinished, test } from 'vitest';
import { createCommand, readSettings } from './flags.js';

const NEEDED = { tasks: './tasks.js', handlers: './handlers' };

test('with nothing but the modules, all the rest has a default', () => {
  expect(readSettings(NEEDED, {})).toEqual({
    tasks: './tasks.js',
    handlers: './handlers',
    redis: 'redis://127.0.0.1:6379',
    prefix: undefined,
    concurrency: 10,
    minConcurrency: undefined,
    maxConcurrency: undefined,
    label: undefined,
    port: undefined,
    host: '127.0.0.1',
    token: undefined,
    readToken: undefined,
    grace: 25_000,
    lease: 30_000,
    sharedCalls: true,
    compressAbove: undefined,
    metricTypes: 500,
    metricQueues: 500,
    metricGroup: undefined,
    logLevel: 'info',
  });
});

/** The name of a setting, its variable, and two texts with what they are read as. */
const SETTINGS = [
  ['tasks', 'GOFLOW_TASKS', ['a.js', 'a.js'], ['b.js', 'b.js']],
  ['handlers', 'GOFLOW_HANDLERS', ['a', 'a'], ['b', 'b']],
  ['redis', 'REDIS_URL', ['redis://a:1', 'redis://a:1'], ['rediss://b', 'rediss://b']],
  ['prefix', 'GOFLOW_PREFIX', ['a', 'a'], ['b-2', 'b-2']],
  ['concurrency', 'GOFLOW_CONCURRENCY', ['7', 7], ['0', 0]],
  ['minConcurrency', 'GOFLOW_MIN_CONCURRENCY', ['1', 1], ['0', 0]],
  ['maxConcurrency', 'GOFLOW_MAX_CONCURRENCY', ['1', 1], ['10000', 10_000]],
  ['port', 'GOFLOW_PORT', ['0', 0], ['65535', 65_535]],
  ['host', 'GOFLOW_HOST', ['::1', '::1'], ['0.0.0.0', '0.0.0.0']],
  ['grace', 'GOFLOW_GRACE', ['3s', 3_000], ['1500', 1_500]],
  ['lease', 'GOFLOW_LEASE', ['1m', 60_000], ['2000', 2_000]],
  ['sharedCalls', 'GOFLOW_SHARED_CALLS', ['on', true], ['off', false]],
  ['compressAbove', 'GOFLOW_COMPRESS_ABOVE', ['10000', 10_000], ['256', 256]],
  ['metricTypes', 'GOFLOW_METRIC_TYPES', ['0', 0], ['10000', 10_000]],
  ['metricQueues', 'GOFLOW_METRIC_QUEUES', ['7', 7], ['0', 0]],
  ['metricGroup', 'GOFLOW_METRIC_GROUP', ['a', 'a'], ['b-2', 'b-2']],
  ['logLevel', 'GOFLOW_LOG_LEVEL', ['debug', 'debug'], ['silent', 'silent']],
] as const;

test.each(SETTINGS)('%s: the flag beats %s, which beats the default', (name, ...about) => {
  const [variable, one, two] = about;
  const byFlag = { ...NEEDED, [name]: one[0] };
  const withoutFlag = { ...NEEDED, [name]: undefined };
  expect(readSettings(byFlag, { [variable]: two[0] })[name]).toBe(one[1]);
  expect(readSettings(withoutFlag, { [variable]: two[0] })[name]).toBe(two[1]);
});

test.each(SETTINGS.filter(([name]) => name !== 'tasks' && name !== 'handlers'))(
  '%s: an empty %s counts as not set',
  (name, variable) => {
    expect(readSettings(NEEDED, { [variable]: '' })[name]).toBe(readSettings(NEEDED, {})[name]);
  },
);

test('a flag that is good hides a variable that is bad', () => {
  expect(readSettings({ ...NEEDED, port: '1' }, { GOFLOW_PORT: 'bad' }).port).toBe(1);
});

test.each([
  ['10', 10],
  ['0', 0],
  ['10000', 10_000],
  ['default=10,images=2', { default: 10, images: 2 }],
  [' default = 10 , images = 0 ', { default: 10, images: 0 }],
])('--concurrency %j is read as %j', (text, concurrency) => {
  expect(readSettings({ ...NEEDED, concurrency: text }, {}).concurrency).toEqual(concurrency);
});

test.each([
  ['region=eu', { region: 'eu' }],
  [' region = eu , tier = a.b/c-d_1 ', { region: 'eu', tier: 'a.b/c-d_1' }],
])('--label %j is read as %j; GOFLOW_LABELS, too', (text, labels) => {
  expect(readSettings({ ...NEEDED, label: text }, {}).label).toEqual(labels);
  expect(readSettings(NEEDED, { GOFLOW_LABELS: text }).label).toEqual(labels);
});

test.each(['', ' ', 'eu', '=eu', 'region=', 'a=b=c', 'a=b,', 'a=b,a=c', 'a b=c', '__proto__=x'])(
  '--label refuses %j',
  (text) => {
    expect(refusalOf({ ...NEEDED, label: text }, {})).toContain('--label <key=value>');
  },
);

test('--label may be given several times', () => {
  const command = createCommand('1.2.3').exitOverride();
  command.parse(['--label', 'region=eu', '--label', 'tier=a,size=big'], { from: 'user' });
  const { label } = readSettings({ ...NEEDED, ...command.opts() }, {});
  expect(label).toEqual({ region: 'eu', tier: 'a', size: 'big' });
});

/** Texts that are refused, by setting, and the flag as the program's help writes it. */
const REFUSED = [
  refused('tasks', '--tasks <file>', ' '),
  refused('handlers', '--handlers <dir>', ' '),
  refused('redis', '--redis <url>', ' '),
  refused('host', '--host <address>', ' '),
  refused('prefix', '--prefix <name>', ` |a b|a:b|{a}|*|${'a'.repeat(65)}`),
  refused(
    'concurrency',
    '--concurrency <n>',
    ' |abc|1.5|-1|+1|1e9|1e3|0x10|10001|1_000|9999999999999',
  ),
  refused(
    'concurrency',
    '--concurrency <n>',
    'a=|a=x|a=-1|a=1.5|a=1=2|a=10001|a=1,|a=1,,b=2|=3|a=1,a=2',
  ),
  refused('concurrency', '--concurrency <n>', 'Default=1|a b=1|__proto__=1|10,images=2'),
  refused('minConcurrency', '--min-concurrency <n>', ' |abc|1.5|-1|10001'),
  refused('maxConcurrency', '--max-concurrency <n>', ' |abc|1.5|-1|10001'),
  refused('port', '--port <n>', ' |abc|1.5|-1|65536|1e3|0x50|80a|NaN|Infinity'),
  refused('grace', '--grace <duration>', ' |abc|-1|-1s|1 s|2h|1w|1e3'),
  refused('lease', '--lease <duration>', ' |abc|0|999ms|2h|Infinity'),
  refused('sharedCalls', '--shared-calls <on|off>', ' |yes|true|0|ON'),
  refused('compressAbove', '--compress-above <bytes>', ' |abc|0|255|-1|300.5|1e4|10kb|536870913'),
  refused('metricTypes', '--metric-types <n>', ' |abc|1.5|-1|10001'),
  refused('metricQueues', '--metric-queues <n>', ' |abc|1.5|-1|10001'),
  refused('metricGroup', '--metric-group <name>', ` |a b|A|{a}|${'a'.repeat(65)}`),
  refused('logLevel', '--log-level <level>', ' |loud|INFO|toString'),
];

function refused(name: (typeof SETTINGS)[number][0], flag: string, texts: string) {
  const variable = SETTINGS.find(([setting]) => setting === name)?.[1] ?? '';
  return { name, flag, variable, texts: texts.split('|') };
}

const refusals = REFUSED.flatMap(({ texts, ...about }) =>
  texts.map((text) => ({ ...about, text })),
);

test.each(refusals)(
  '$flag refuses "$text", and so does $variable',
  ({ name, flag, variable, text }) => {
    expect(refusalOf({ ...NEEDED, [name]: text }, {})).toContain(flag);
    expect(refusalOf({ ...NEEDED, [name]: undefined }, { [variable]: text })).toContain(variable);
  },
);

test.each(REFUSED)('$flag does not take an empty text for "not given"', ({ name, flag }) => {
  expect(refusalOf({ ...NEEDED, [name]: '' }, {})).toContain(flag);
});

test.each([
  ['tasks', '--tasks <file> (or GOFLOW_TASKS) is missing'],
  ['handlers', '--handlers <dir> (or GOFLOW_HANDLERS) is missing'],
])('without %s the program cannot know what to run', (name, message) => {
  expect(refusalOf({ ...NEEDED, [name]: undefined }, {})).toBe(message);
});

test('the token comes from the environment or from a file, never from the command line', async () => {
  const file = await tokenFile('from the file\n');
  const fromEnv = { GOFLOW_TOKEN: 'from the environment' };
  expect(readSettings(NEEDED, fromEnv).token).toBe('from the environment');
  expect(readSettings(NEEDED, { GOFLOW_TOKEN_FILE: file }).token).toBe('from the file');
  expect(readSettings(NEEDED, { ...fromEnv, GOFLOW_TOKEN_FILE: file }).token).toBe('from the file');
  expect(readSettings(NEEDED, { GOFLOW_TOKEN: '', GOFLOW_TOKEN_FILE: '' }).token).toBeUndefined();
  expect(readSettings({ ...NEEDED, token: 'given as a flag' }, {}).token).toBeUndefined();
  expect(readSettings(NEEDED, { ...fromEnv, GOFLOW_READ_TOKEN: 'to read' })).toMatchObject({
    token: 'from the environment',
    readToken: 'to read',
  });
  expect(readSettings(NEEDED, { GOFLOW_READ_TOKEN_FILE: file }).readToken).toBe('from the file');
});

test('several tokens are one a line', async () => {
  const file = await tokenFile('the new one\r\n\n  the old one\n');
  const expected = ['the new one', 'the old one'];
  expect(readSettings(NEEDED, { GOFLOW_TOKEN_FILE: file }).token).toEqual(expected);
  expect(readSettings(NEEDED, { GOFLOW_TOKEN: expected.join('\n') }).token).toEqual(expected);
});

test('an empty token file does not mean "no token"', async () => {
  expect(readSettings(NEEDED, { GOFLOW_TOKEN_FILE: await tokenFile('\n') }).token).toBe('');
});

test('--help names every flag, its variable and its default, the token and the signals', () => {
  const written: string[] = [];
  const command = createCommand('1.2.3').configureOutput({
    writeOut: (text) => written.push(text),
  });
  command.outputHelp();
  // As it is wrapped depends on the terminal.
  const help = written.join('').replaceAll(/\s+/g, ' ');
  for (const { flag, variable } of REFUSED) {
    expect(help).toContain(flag);
    expect(help).toContain(`env: ${variable}`);
  }
  const defaults = [
    'redis://127.0.0.1:6379',
    '10',
    '127.0.0.1',
    '25s',
    '30s',
    'info',
    'goflow',
    'none',
    'never',
  ];
  for (const value of defaults) expect(help).toContain(`default: ${value})`);
  for (const word of [
    'GOFLOW_TOKEN',
    'GOFLOW_TOKEN_FILE',
    'GOFLOW_READ_TOKEN_FILE',
    'SIGTERM',
    'SIGINT',
    '--version',
  ])
    expect(help).toContain(word);
});

test('the command line gives the flags under the names of the settings', () => {
  const argv = SETTINGS.flatMap(([name, , [text]]) => [
    REFUSED.find((one) => one.name === name)?.flag,
    text,
  ]);
  const flags = argv.map((word) => (word ?? '').replace(/ <.*>$/, ''));
  const command = createCommand('1.2.3').exitOverride().parse(flags, { from: 'user' });
  expect(command.opts()).toEqual(
    Object.fromEntries(SETTINGS.map(([name, , [text]]) => [name, text])),
  );
});

function refusalOf(flags: Record<string, string | undefined>, env: Record<string, string>): string {
  try {
    readSettings(flags, env);
  } catch (error) {
    if (isGoflowError(error, 'OPTION_INVALID')) return error.message;
    throw error;
  }
  return 'nothing was refused';
}

async function tokenFile(text: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'goflow-token-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'token'), text);
  return join(dir, 'token');
}
