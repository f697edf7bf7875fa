/**
 * The program `goflow-worker` in parts: what `goflow worker` is made of. No door for programs of users, who call `createWorker`.
 *
 * @module
 */

export type { ProgramFlag } from './program/flags.js';
export { programFlags, readSettings } from './program/flags.js';
export { moduleFiles } from './program/load-modules.js';
export type { GivenFlags, ProgramHost } from './program/worker-program.js';
export { endWith, readArguments, runWorker } from './program/worker-program.js';
