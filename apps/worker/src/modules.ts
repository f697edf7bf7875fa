/**
 * How `goflow-worker` reads the files that its flags name, for other programs that are given the same files. No door for programs of users.
 *
 * @module
 */

export { readEncryptionKeys } from './program/encryption-keys.js';
export { loadTasks } from './program/load-modules.js';
