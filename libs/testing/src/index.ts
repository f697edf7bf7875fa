/**
 * What the tests of goflow are made with: a real Redis, a real Postgres, a real Prometheus, real processes, facts that are waited for, leak checks. Importing
 * it does nothing, and it needs no test runner; `./global-redis` and `./setup-leaks` are for vitest.
 *
 * @module
 */

export { findChromium } from './browser/find-chromium.js';
export type { LeakGuard, LeakGuardOptions, OpenResources } from './leaks/open-resources.js';
export { leakGuard, openResources, WATCHED_RESOURCES } from './leaks/open-resources.js';
export { freePort } from './machine/free-port.js';
export type { CommandResult, Machine } from './machine/machine.js';
export { thisMachine } from './machine/machine.js';
export type { PostgresHome } from './postgres/find-postgres.js';
export { findPostgres, findPostgresOrSkip } from './postgres/find-postgres.js';
export type { PostgresServerOptions } from './postgres/postgres-server.js';
export { PostgresServer } from './postgres/postgres-server.js';
export type { ChildProgram, ProgramExit, ProgramOptions } from './process/child-program.js';
export { startProgram } from './process/child-program.js';
export type { PrometheusPrograms } from './prometheus/find-prometheus.js';
export { findPrometheus } from './prometheus/find-prometheus.js';
export type {
  PrometheusServerOptions,
  PromRule,
  PromSample,
} from './prometheus/prometheus-server.js';
export { PrometheusServer } from './prometheus/prometheus-server.js';
export type { FaultCounters, FaultProxyOptions } from './proxy/fault-proxy.js';
export { FaultProxy } from './proxy/fault-proxy.js';
export type { FaultDirection, RequestMatch } from './proxy/faults.js';
export type { RedisSource } from './redis/find-redis.js';
export { findRedis, findRedisProgram } from './redis/find-redis.js';
export type { NatMap, RedisAddress } from './redis/redis-address.js';
export type { MoveSlotOptions, RedisClusterOptions } from './redis/redis-cluster.js';
export { RedisCluster } from './redis/redis-cluster.js';
export type { RedisSentinelsOptions, SentinelAccess } from './redis/redis-sentinels.js';
export { RedisSentinels } from './redis/redis-sentinels.js';
export type { RedisServerOptions } from './redis/redis-server.js';
export { RedisServer } from './redis/redis-server.js';
export type { TestCertificates, TestCertificatesOptions } from './tls/test-certificates.js';
export { createTestCertificates } from './tls/test-certificates.js';
export { cleanPrefix, testPrefix } from './vitest/test-prefix.js';
export type { Truthy, UntilOptions } from './wait/until.js';
export { until } from './wait/until.js';
