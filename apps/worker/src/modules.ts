/**
 * How `goflow-worker` reads its flags, variables and the files that they name, for other programs that are given the same. No door for programs
 * of users.
 *
 * @module
 */

export { readEncryptionKeys } from './program/encryption-keys.js';
export { loadTasks } from './program/load-modules.js';
export {
  readDuration,
  readLogLevel,
  readOnOff,
  readText,
  toNumber,
} from './program/read-texts.js';
export { type Flag, readFlag, SHARED_FLAGS, type Texts } from './program/shared-flags.js';
export { type GivenTokens, namingTokens, readTokens } from './program/tokens.js';
export { useTypeScript } from './program/typescript.js';
