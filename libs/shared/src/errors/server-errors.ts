import { entry } from './error-entry.js';

/** The part of the error table that is about goflow's own servers. */
export const SERVER_ERRORS = Object.freeze({
  REQUEST_INVALID: entry({
    http: 400,
    retryable: false,
    when: 'An HTTP request to a goflow server is malformed.',
    cure: 'The detail says what was expected.',
  }),
  UNAUTHORIZED: entry({
    http: 401,
    retryable: false,
    when: 'The bearer token is missing or wrong.',
    cure: 'Send `Authorization: Bearer …` with a token that the server was started with.',
  }),
  FORBIDDEN: entry({
    http: 403,
    retryable: false,
    when: 'A token that may only read was to change something, or a web page of another site asked.',
    cure: 'Send the control token; ask from a program, not from a page.',
  }),
  TOO_MANY_REQUESTS: entry({
    http: 429,
    retryable: true,
    when: 'A caller asked too often, or holds too much open; or an address showed too many wrong tokens within a minute.',
    cure: 'Wait as long as `Retry-After` says; the detail names the limit.',
  }),
  METHOD_NOT_ALLOWED: entry({
    http: 405,
    retryable: false,
    when: 'An HTTP path has no such method.',
    cure: 'The header `Allow` lists the methods.',
  }),
  ANSWER_TIMEOUT: entry({
    http: 503,
    retryable: true,
    when: 'A goflow server could not answer a request in time.',
    cure: 'Ask again; look whether Redis and the process are well.',
  }),
  NOT_FOUND: entry({
    http: 404,
    retryable: false,
    when: 'There is nothing at this path.',
    cure: 'The detail lists the paths.',
  }),
  PORT_IN_USE: entry({
    http: 500,
    retryable: true,
    when: 'The address that a server should listen on is taken.',
    cure: 'Choose another `--port`, or 0 for any free one.',
  }),
});
