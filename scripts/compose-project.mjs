// One Compose project of docker-compose.yml, with whichever Compose this machine has, and what is asked of its containers.
import { run } from './run-program.mjs';

/**
 * The Compose of this machine: `docker compose` (v2) or `docker-compose` (1.29).
 *
 * @returns {Promise<{ compose: readonly string[], version: string } | { missing: string }>}
 */
export async function findCompose() {
  const engine = await silent(['docker', 'version', '--format', '{{.Server.Version}}']);
  if (engine.code !== 0)
    return { missing: `no Docker engine runs here (${lastLine(engine.output)})` };
  for (const compose of [['docker', 'compose'], ['docker-compose']]) {
    const { code, output } = await silent([...compose, 'version', '--short']);
    if (code === 0) return { compose, version: `${compose.join(' ')} ${output.trim()}` };
  }
  return { missing: 'there is a Docker engine, but neither docker compose nor docker-compose' };
}

/**
 * @typedef {object} ComposeProject
 * @property {(...args: string[]) => Promise<string>} compose Runs one of Compose's commands.
 * @property {(...args: string[]) => readonly string[]} command The same as a command to be run.
 * @property {() => Promise<readonly string[]>} replicas The workers' container ids.
 */

/**
 * @param {readonly string[]} compose
 * @param {string} name
 * @returns {ComposeProject}
 */
export function composeProject(compose, name) {
  const flags = ['--project-name', name];
  /** @param {string[]} args */
  const command = (...args) => [...compose, ...flags, ...args];
  return {
    command,
    compose: (...args) => outputOf(command(...args)),
    replicas: async () => lines(await outputOf(command('ps', '-q', 'worker'))),
  };
}

/**
 * What `docker` says.
 *
 * @param {string[]} args
 */
export const docker = (...args) => outputOf(['docker', ...args]);

/**
 * One fact about a container, as a template of `docker inspect`.
 *
 * @param {string} id
 * @param {string} template
 */
export async function inspect(id, template) {
  return (await docker('inspect', '--format', template, id)).trim();
}

/**
 * What an address answers inside of the network, asked by one of the workers: a container's own address cannot be reached from
 * every machine that runs Docker.
 *
 * @param {string} id
 * @param {string} url
 * @param {RequestInit} [init]
 */
export function fetchFrom(id, url, init = {}) {
  const given = `${JSON.stringify(url)}, ${JSON.stringify(init)}`;
  const code = `fetch(${given}).then(async (r) => console.log(await r.text()))`;
  return docker('exec', id, 'node', '-e', code);
}

/**
 * The sum of a metric over all its labels; 0 where there is none.
 *
 * @param {string} metrics what `/metrics` answered
 * @param {string} name
 */
export function sumOf(metrics, name) {
  const found = lines(metrics).filter(
    (line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `),
  );
  return found.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/**
 * Asks again and again until there is an answer.
 *
 * @template T
 * @param {string} what for the message
 * @param {number} seconds
 * @param {() => Promise<T | undefined>} ask
 * @returns {Promise<T>}
 */
export async function eventually(what, seconds, ask) {
  const deadline = performance.now() + seconds * 1_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** @param {readonly string[]} command */
const silent = (command) => run(command, { output: 'silent' });

/** @param {readonly string[]} command */
async function outputOf(command) {
  const { code, output } = await silent(command);
  if (code === 0) return output;
  throw new Error(`${command.join(' ')} ended with code ${code}:\n${output.trim().slice(-4_000)}`);
}

/** @param {string} text */
const lines = (text) => text.split('\n').filter((line) => line.trim() !== '');

/** @param {string} text */
const lastLine = (text) => lines(text).at(-1)?.trim() ?? 'it says nothing';
