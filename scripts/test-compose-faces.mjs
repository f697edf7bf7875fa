// The part of `npm run test:compose` that is about who looks on: Prometheus with its rules, the gateway with its dashboard.
import { docker, eventually, fetchFrom } from './compose-project.mjs';
import { expect, succeeds } from './test-steps.mjs';

/** @typedef {import('./compose-project.mjs').ComposeProject} ComposeProject */

const PROMETHEUS_IMAGE = 'prom/prometheus:v3.0.0';

/**
 * @param {ComposeProject} project
 * @param {readonly string[]} ids
 */
export async function checkPrometheus(project, ids) {
  if (!(await canUse(PROMETHEUS_IMAGE)))
    return { said: `skipped: ${PROMETHEUS_IMAGE} is not here and cannot be pulled` };
  await project.compose('up', '-d', '--no-deps', 'prometheus');
  const query = encodeURIComponent('sum(up{job="goflow-worker"})');
  const url = `http://prometheus:9090/api/v1/query?query=${query}`;
  await eventually(`Prometheus finds ${ids.length} workers`, 60, async () => {
    const answer = await fetchFrom(ids[0] ?? '', url).catch(() => '{}');
    const up = JSON.parse(answer).data?.result?.[0]?.value?.[1];
    return Number(up) === ids.length || undefined;
  });
  const loaded = await fetchFrom(ids[0] ?? '', 'http://prometheus:9090/api/v1/rules');
  const rules = JSON.parse(loaded).data.groups.flatMap(
    (/** @type {{ rules: unknown[] }} */ group) => group.rules,
  );
  expect(rules.length > 0, 'Prometheus has loaded no rule');
  return {
    said: `found all ${ids.length} workers by DNS, and scrapes them; has ${rules.length} rules`,
  };
}

/**
 * @param {ComposeProject} project
 * @param {{ asker: string, token: string }} given a worker, for the gateway is asked from within the network; and its token
 */
export async function checkGateway(project, { asker, token }) {
  await project.compose('up', '-d', '--no-build', '--no-deps', 'gateway');
  const gateway = 'http://gateway:8080';
  const ready = () => fetchFrom(asker, `${gateway}/readyz`).catch(() => '');
  await eventually('the gateway is ready', 60, async () =>
    (await ready()).includes('"ready"') ? true : undefined,
  );
  const headers = { authorization: `Bearer ${token}` };
  const body = JSON.stringify({ payload: 'hello' });
  const pushed = await fetchFrom(asker, `${gateway}/tasks/repeater`, {
    method: 'POST',
    headers,
    body,
  });
  const { id } = JSON.parse(pushed);
  const result = await fetchFrom(asker, `${gateway}/tasks/${id}/result?wait=30s`, { headers });
  expect(JSON.parse(result).value === 'hello', `the gateway answered ${result}`);
  const page = await fetchFrom(asker, `${gateway}/dashboard`);
  expect(page.includes('Log in'), 'the gateway shows no dashboard');
  const addresses = await project.compose('run', '--rm', '--no-deps', '-T', 'addresses');
  const told = [...addresses.matchAll(/http:\/\/\d+\.\d+\.\d+\.\d+:9464 /g)].length;
  expect(told > 0 && addresses.includes('/dashboard'), `the addresses are told as ${addresses}`);
  return {
    said: `pushed a task by HTTP and got its result; the dashboard asks who one is; ${told} workers' addresses are told`,
  };
}

/** @param {string} name */
async function canUse(name) {
  const isThere = await succeeds(docker('image', 'inspect', name));
  return isThere || succeeds(docker('pull', name));
}
