// `npm run test:compose`: really brings docker-compose.yml up with five workers, pushes tasks, kills one worker and stops another
// while they run, and wants every result. Skips where no Docker engine runs. Leaves nothing behind but Docker's build cache.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import {
  composeProject,
  docker,
  eventually,
  fetchFrom,
  findCompose,
  inspect,
  sumOf,
} from './compose-project.mjs';
import { runComposeBlocks } from './compose-runbook.mjs';
import { ROOT } from './run-program.mjs';
import { checkGateway, checkPrometheus } from './test-compose-faces.mjs';
import { expect, seconds, step, succeeds } from './test-steps.mjs';

/** @typedef {import('./compose-project.mjs').ComposeProject} ComposeProject */

const WORKERS = 5;
const TASKS = 2_000;
/** With two at once in each of five workers, 2,000 tasks take twenty seconds: time enough to kill one in their midst. */
const TASK_MS = 100;
const name = `goflow-test-${process.pid}-${Date.now().toString(36)}`;
const image = `goflow-worker-demo:${name}`;
const gatewayImage = `goflow-gateway-demo:${name}`;
const operateToken = `operate-token-of-${name}`;

/** What docker-compose.yml leaves open. */
Object.assign(process.env, {
  GOFLOW_IMAGE: image,
  GATEWAY_IMAGE: gatewayImage,
  GATEWAY_OPERATE_TOKEN: operateToken,
  GOFLOW_CONCURRENCY: '2',
  GOFLOW_LEASE: '5s',
  GOFLOW_TOKEN: `token-of-${name}`,
  // Any free one.
  PROMETHEUS_PORT: '0',
  GATEWAY_PORT: '0',
});

await main();

async function main() {
  const found = await findCompose();
  if ('missing' in found) {
    console.log(`test:compose skipped: ${found.missing}`);
    return;
  }
  const began = performance.now();
  const project = composeProject(found.compose, name);
  const cleanUp = cleanUpOnce(project);
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
  console.log(`project ${name}, ${found.version}`);
  try {
    await testCompose(project);
    await step('runbook', () => checkRunbook(project, found.compose));
    await cleanUp();
    console.log(`test:compose passed in ${seconds(began)}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(await project.compose('logs', '--tail', '20').catch(String));
    await cleanUp().catch((left) => console.error(String(left)));
    console.error(`test:compose FAILED after ${seconds(began)}`);
    process.exitCode = 1;
  }
}

/** @param {ComposeProject} project */
async function testCompose(project) {
  await step('image', () => buildImage(project));
  const ids = await step('up', () => bringUp(project));
  await step('redis', () => checkRedis(project));
  await step('prometheus', () => checkPrometheus(project, ids));
  await step('gateway', () => checkGateway(project, { asker: ids[0] ?? '', token: operateToken }));
  const push = await step('push', () => startPush(project));
  const [victim = '', leaver = ''] = ids;
  await step('metrics', () => checkMetrics(ids, push));
  await step('kill', () => killWorker(victim, push));
  await step('stop', () => stopWorker(leaver, push));
  await step('results', () => checkResults(push));
}

/** @param {ComposeProject} project */
async function buildImage(project) {
  await project.compose('build', 'worker', 'gateway');
  const [user, size] = (await inspect(image, '{{.Config.User}} {{.Size}}')).split(' ');
  expect(user === 'node', `the image runs as ${user || 'root'}, not as node`);
  return { said: `built, ${Math.round(Number(size) / 1e6)} MB with its base, runs as ${user}` };
}

/** @param {ComposeProject} project */
async function bringUp(project) {
  await project.compose(
    'up',
    '-d',
    '--no-build',
    '--scale',
    `worker=${WORKERS}`,
    'redis',
    'worker',
  );
  const ids = await project.replicas();
  expect(ids.length === WORKERS, `${WORKERS} workers were asked for, and ${ids.length} are there`);
  await eventually('every worker is healthy', 60, async () => {
    const health = await Promise.all(ids.map((id) => inspect(id, '{{.State.Health.Status}}')));
    return health.every((status) => status === 'healthy') || undefined;
  });
  return { said: `${WORKERS} workers are healthy`, value: ids };
}

/** @param {ComposeProject} project */
async function checkRedis(project) {
  const ask = ['exec', '-T', 'redis', 'redis-cli', 'config', 'get'];
  const appendOnly = await project.compose(...ask, 'appendonly');
  const policy = await project.compose(...ask, 'maxmemory-policy');
  expect(appendOnly.includes('yes'), 'Redis keeps no append-only file');
  expect(policy.includes('noeviction'), 'Redis may evict tasks');
  return { said: 'keeps an append-only file and evicts nothing' };
}

/**
 * @typedef {object} Push A program in a container of its own, which pushes and waits for the results.
 * @property {(results: number) => Promise<void>} reached Until that many results have come.
 * @property {() => number} results
 * @property {Promise<{ code: number | null, last: string, errors: string }>} ended
 */

/**
 * @param {ComposeProject} project
 * @returns {Promise<{ said: string, value: Push }>}
 */
async function startPush(project) {
  const args = ['run', '--rm', '--no-deps', '-T', '--entrypoint', 'node', 'worker'];
  const command = project.command(...args, 'tasks/push.mjs', `${TASKS}`, `${TASK_MS}`);
  const [program = '', ...rest] = command;
  const child = spawn(program, rest, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const seen = { pushed: 0, results: 0, last: '', errors: '', hasEnded: false };
  child.stderr.setEncoding('utf8').on('data', (text) => (seen.errors += text));
  createInterface({ input: child.stdout }).on('line', (line) => {
    seen.last = line;
    const [, what, count] = /^(pushed|results) (\d+)$/.exec(line) ?? [];
    if (what === 'pushed' || what === 'results') seen[what] = Number(count);
  });
  /** @type {Push['ended']} */
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      seen.hasEnded = true;
      resolve({ code, last: seen.last, errors: seen.errors });
    });
  });
  /** @param {'pushed' | 'results'} what @param {number} count */
  const reached = (what, count) =>
    eventually(`${count} ${what}`, 120, async () => {
      if (seen[what] >= count) return true;
      expect(!seen.hasEnded, `the pushing program ended early: ${seen.last} ${seen.errors}`);
      return undefined;
    });
  await reached('pushed', TASKS);
  const value = {
    reached: async (/** @type {number} */ count) => void (await reached('results', count)),
    results: () => seen.results,
    ended,
  };
  return { said: `${TASKS} tasks of ${TASK_MS} ms are in the queue`, value };
}

/**
 * @param {readonly string[]} ids
 * @param {Push} push
 */
async function checkMetrics(ids, push) {
  await push.reached(TASKS / 10);
  const finished = await Promise.all(
    ids.map(async (id) => sumOf(await fetchMetrics(id), 'goflow_tasks_finished_total')),
  );
  expect(
    finished.every((count) => count > 0),
    `not every worker finished tasks: ${finished.join(', ')}`,
  );
  return { said: `every worker has finished tasks: ${finished.join(', ')}` };
}

/**
 * @param {string} id
 * @param {Push} push
 */
async function killWorker(id, push) {
  const active = sumOf(await fetchMetrics(id), 'goflow_tasks_active');
  await docker('kill', id);
  expect(push.results() < TASKS, 'all results were there before a worker could be killed');
  const code = await inspect(id, '{{.State.ExitCode}}');
  expect(code === '137', `a killed worker ended with code ${code}, not 137`);
  return { said: `killed one after ${push.results()} results; it was running ${active} tasks` };
}

/**
 * @param {string} id
 * @param {Push} push
 */
async function stopWorker(id, push) {
  expect(push.results() < TASKS, 'all results were there before a worker could be stopped');
  await docker('stop', id);
  const code = await inspect(id, '{{.State.ExitCode}}');
  expect(code === '0', `docker stop ended a worker with code ${code}: the signal did not reach it`);
  return { said: 'docker stop of another ended it with code 0' };
}

/** @param {Push} push */
async function checkResults(push) {
  const { code, last, errors } = await push.ended;
  expect(code === 0, `the pushing program ended with code ${code}: ${last} ${errors}`);
  const { results, workers } = JSON.parse(last);
  expect(results === TASKS, `${results} of ${TASKS} results came`);
  return { said: `${results} of ${TASKS} came, by worker: ${Object.values(workers).join(', ')}` };
}

/**
 * @param {ComposeProject} project
 * @param {readonly string[]} compose
 */
async function checkRunbook(project, compose) {
  const blocks = await runComposeBlocks(name, compose);
  const workers = (await project.replicas()).length;
  expect(workers === 2, `the runbook scales to 2 workers, and ${workers} are there`);
  return { said: `the ${blocks} blocks of docs/operations.md for Compose do what they say` };
}

/** @param {string} id */
function fetchMetrics(id) {
  return fetchFrom(id, 'http://127.0.0.1:9464/metrics');
}

/**
 * Removes containers, network, volumes and the image's name; what it was built of stays, so that the next build is quick.
 *
 * @param {ComposeProject} project
 */
function cleanUpOnce(project) {
  /** @type {Promise<unknown> | undefined} */
  let running;
  const cleanUp = async () => {
    await project.compose('down', '--volumes', '--remove-orphans', '--timeout', '10');
    await succeeds(docker('image', 'rm', '--no-prune', image, gatewayImage));
  };
  return () => (running ??= cleanUp());
}
