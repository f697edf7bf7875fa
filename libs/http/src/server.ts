/** The server alone: it is there before what answers, which takes longer to load. */
export { HttpServer, type HttpServerOptions } from './http-server.js';
export type { ListenOptions, Tokens } from './listen-options.js';
export {
  checkDistinct,
  isLoopback,
  resolveListenOptions,
  resolveTokens,
  tokenMissing,
} from './listen-options.js';
