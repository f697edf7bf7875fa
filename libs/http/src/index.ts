export type { ConnectionLimits } from './connection-count.js';
export type { PermissionOptions } from './guards.js';
export { createPermission, isOwnName, refuseOtherSites } from './guards.js';
export { type JsonLimits, parseJson, readJson } from './json-body.js';
export { leaveUnread } from './leave-unread.js';
export {
  checkDistinct,
  isLoopback,
  type ListenOptions,
  resolveListenOptions,
  resolveTokens,
  type Tokens,
} from './listen-options.js';
export { networkOf } from './network-of.js';
export {
  answerErrors,
  type FieldError,
  HttpRefusal,
  type Problem,
  sendProblem,
  statusOf,
} from './problem.js';
export { hasBody, readBody } from './read-body.js';
export { answerWithin, refuseMalformed } from './request-limits.js';
export { type Routes, serve } from './routes.js';
export type { ServerLimits } from './server-limits.js';
export { shareAnswer } from './shared-answer.js';
export { type RoleTokens, TokenRoles } from './tokens.js';
export { WrongTokens } from './wrong-tokens.js';
