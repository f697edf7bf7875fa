/**
 * Tasks without Redis: the broker of local mode, and its clocks.
 *
 * @module
 */

export type { FakeClock } from './memory/fake-clock.js';
export { createFakeClock } from './memory/fake-clock.js';
export type { MemoryBroker, MemoryBrokerOptions } from './memory/memory-broker.js';
export { createMemoryBroker } from './memory/memory-broker.js';
export { systemClock } from './memory/system-clock.js';
