import { createGoflow } from '@goflow/sdk';
import {
  createTestCertificates,
  RedisServer,
  type TestCertificates,
  type TestCertificatesOptions,
  until,
} from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { tasks } from '../fixtures/tasks.mjs';
import { runWorkerIn, urlOf } from '../support/program.js';
import { openRig, type Rig } from '../support/steady-load.js';

async function newCertificates(options?: TestCertificatesOptions): Promise<TestCertificates> {
  const certificates = await createTestCertificates(options);
  onTestFinished(() => certificates.remove());
  return certificates;
}

async function startTls(options?: TestCertificatesOptions): Promise<RedisServer> {
  const server = await RedisServer.start({ tls: await newCertificates(options) });
  onTestFinished(() => server.stop());
  return server;
}

async function expectWorks({ goflow, worker }: Rig): Promise<void> {
  await worker.start();
  expect(await goflow.wait(await goflow.push('number', 7))).toBe(7);
  expect(await worker.readiness()).toEqual({ ready: true });
}

test('TLS with a private CA: options with `tls: { ca }` serve client and worker', async () => {
  const server = await startTls();
  const redis = { host: '127.0.0.1', port: server.port, tls: { ca: server.ca ?? '' } };
  const rig = openRig(redis);
  await expectWorks(rig);
  expect(rig.troubles).toEqual([]);
});

test.each([
  ['whose CA is not known', {}, /self[- ]signed certificate|unable to (get|verify)/],
  [
    'whose CA is another one',
    { other: true },
    /self[- ]signed certificate|unable to (get|verify)|signature failure/,
  ],
  ['whose time is over', { expired: true, own: true }, /certificate has expired/],
])('a server %s: client and worker say why, and few times', async (_, given, why) => {
  const { other, expired, own } = given as Record<string, boolean | undefined>;
  const server = await startTls({ expired });
  const ca = other ? (await newCertificates()).ca : own ? server.ca : undefined;
  const redis = { host: '127.0.0.1', port: server.port, tls: ca === undefined ? {} : { ca } };
  const { worker, troubles, log, goflow } = openRig(redis, { client: { timeout: '500ms' } });
  await expect(goflow.push('number', 1)).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
    message: expect.stringMatching(why) as string,
    details: { sent: false },
  });
  void worker.start();
  await until(() => troubles.some(({ message }) => why.test(message)), {
    what: 'the worker to say why',
  });
  expect(await worker.readiness()).toMatchObject({ ready: false });
  expect(log.mostInASecond).toBeLessThanOrEqual(20);
});

test('a rediss:// URL checks certificates: with a private CA it needs NODE_EXTRA_CA_CERTS', async () => {
  const certificates = await newCertificates();
  const server = await RedisServer.start({ tls: certificates });
  onTestFinished(() => server.stop());
  const bare = createGoflow({ tasks, redis: server.url, timeout: '500ms' });
  onTestFinished(() => bare.close());
  await expect(bare.push('echo', 'x')).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
    message: expect.stringMatching(/certificate/) as string,
  });
  const env = { NODE_EXTRA_CA_CERTS: certificates.caFile };
  const worker = runWorkerIn({ redis: server.url, prefix: 'goflow' }, [], env);
  await urlOf(worker);
  const redis = { host: '127.0.0.1', port: server.port, tls: { ca: certificates.ca } };
  const goflow = createGoflow({ tasks, redis });
  onTestFinished(() => goflow.close());
  expect(await goflow.wait(await goflow.push('echo', 'x'))).toBe('x');
});

test('a client that speaks no TLS to a server that does: an error in time, nothing sent', async () => {
  const server = await startTls();
  const { goflow } = openRig(server.url.replace('rediss:', 'redis:'), {
    client: { timeout: '500ms' },
  });
  await expect(goflow.push('number', 1)).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
    details: { sent: false },
  });
});
