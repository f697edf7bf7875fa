/**
 * What the tests of goflow are made with: a real Redis, real processes, facts that are waited for, leak checks. Importing
 * it does nothing, and it needs no test runner; `./global-redis` and `./setup-leaks` are for vitest.
 *
 * @module
 */

export type { LeakGuard, LeakGuardOptions, OpenResources } from './leaks/open-resources.js';
export { leakGuard, openResources, WATCHED_RESOURCES } from './leaks/open-resources.js';
export type { ChildProgram, ProgramExit, ProgramOptions } from './process/child-program.js';
export { startProgram } from './process/child-program.js';
export type { RedisSource } from './redis/find-redis.js';
export { findRedis, findRedisProgram } from './redis/find-redis.js';
export { freePort } from './redis/free-port.js';
export type { CommandResult, Machine } from './redis/machine.js';
export { thisMachine } from './redis/machine.js';
export type { RedisServerOptions } from './redis/redis-server.js';
export { RedisServer } from './redis/redis-server.js';
export { cleanPrefix, testPrefix } from './vitest/test-prefix.js';
export type { Truthy, UntilOptions } from './wait/until.js';
export { until } from './wait/until.js';
