import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { FaultProxy } from '../proxy/fault-proxy.js';
import { askRedis } from '../redis/ask-redis.js';
import { RedisServer } from '../redis/redis-server.js';
import {
  createTestCertificates,
  type TestCertificates,
  type TestCertificatesOptions,
} from './test-certificates.js';

let good: TestCertificates;
let server: RedisServer;
beforeAll(async () => {
  good = await createTestCertificates();
  server = await RedisServer.start({ tls: good, password: 's3cret' });
});
afterAll(async () => {
  await server.stop();
  await good.remove();
});

async function newCertificates(options?: TestCertificatesOptions): Promise<TestCertificates> {
  const certificates = await createTestCertificates(options);
  onTestFinished(() => certificates.remove());
  return certificates;
}

/** What becomes of a PING, or why there is no connection. */
async function ping(url: string, tls: object): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, tls });
  onTestFinished(() => redis.disconnect());
  const failure = new Promise<string>((resolve) =>
    redis.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message)),
  );
  return Promise.race([
    redis.connect().then(
      () => redis.ping(),
      () => failure,
    ),
    failure,
  ]);
}

test('are signed by their CA, for this machine, and are removed', async () => {
  const certificates = await newCertificates();
  const authority = new X509Certificate(certificates.ca);
  const certificate = new X509Certificate(await readFile(certificates.certFile));
  expect(authority.ca).toBe(true);
  expect(certificate.verify(authority.publicKey)).toBe(true);
  expect(certificate.checkIssued(authority)).toBe(true);
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(certificate.checkHost('localhost')).toBe('localhost');
  expect(certificate.checkHost('example.org')).toBeUndefined();
  expect(await readFile(certificates.caFile, 'utf8')).toBe(certificates.ca);
  await certificates.remove();
  await certificates.remove();
  expect(existsSync(certificates.keyFile)).toBe(false);
});

test('a server with TLS answers clients that know its CA, and no others', async () => {
  expect(server.url).toBe(`rediss://:s3cret@127.0.0.1:${server.port}`);
  expect(await askRedis(server, 'PING')).toBe('PONG');
  expect(await ping(server.url, { ca: good.ca })).toBe('PONG');
  const other = await newCertificates();
  const refusal = /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_SIGNATURE_FAILURE/;
  expect(await ping(server.url, {})).toMatch(refusal);
  expect(await ping(server.url, { ca: other.ca })).toMatch(refusal);
  await expect(
    askRedis({ url: server.url.replace('rediss:', 'redis:') }, 'PING'),
  ).rejects.toThrow();
});

test('an expired certificate is refused', async () => {
  const expired = await newCertificates({ expired: true });
  await using old = await RedisServer.start({ tls: expired });
  expect(await ping(old.url, { ca: expired.ca })).toBe('CERT_HAS_EXPIRED');
});

test('restarts with TLS, and is reached through a proxy', async () => {
  await server.kill9();
  await server.restart();
  await using proxy = await FaultProxy.start({ targetPort: server.port });
  proxy.dropReplyAfter(() => true);
  expect(await askRedis({ url: proxy.url(server.url), ca: good.ca }, 'PING')).toBe('PONG');
});
