import { hash } from 'node:crypto';
import { networkOf, sendProblem } from '@goflow/http';
import { GoflowError } from '@goflow/shared';
import type { Request, RequestHandler } from 'express';
import { rateLimit, type Store } from 'express-rate-limit';
import type { ResolvedGatewayOptions } from '../options.js';

const WINDOW_MS = 1_000;
/** Callers that are remembered; the oldest is forgotten for a new one, so that a flood of addresses takes no memory. */
const MAX_CALLERS = 10_000;

/** Refuses more than `rateLimit` requests of one caller within a second: 429, with `Retry-After`. Every answer has `RateLimit`. */
export function limitRate({ rateLimit: limit, tokens }: ResolvedGatewayOptions): RequestHandler {
  const tokensKnown = Object.values(tokens).flat();
  const known = new Map(tokensKnown.map((token) => [`Bearer ${token}`, digest(token)]));
  return rateLimit({
    windowMs: WINDOW_MS,
    limit,
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    store: new CallerWindows(),
    keyGenerator: (request) => callerKey(request, known),
    handler: (_request, response) => {
      const message = `more than ${limit} requests of one caller within a second`;
      sendProblem(response, new GoflowError('TOO_MANY_REQUESTS', message));
    },
    // Looks for mistakes of whoever sets it up.
    validate: false,
  });
}

/**
 * A token that opens something, by its digest; else the network of the address: who makes up tokens is not many callers, and neither is who
 * writes `Bearer` in another way.
 */
function callerKey({ headers, socket }: Request, known: ReadonlyMap<string, string>): string {
  const token = known.get(headers.authorization ?? '');
  return token ?? networkOf(socket.remoteAddress ?? '');
}

const digest = (text: string): string => hash('sha256', text, 'base64');

interface Window {
  totalHits: number;
  /** For the header. */
  readonly resetTime: Date;
  /** Of a clock that is never set back: nobody waits for as long as another one was. */
  readonly endsAt: number;
}

/** Counts in fixed windows, without a timer. */
class CallerWindows implements Store {
  readonly localKeys = true;
  readonly #windows = new Map<string, Window>();

  increment(key: string): Window {
    const now = performance.now();
    const window = this.#windows.get(key);
    if (window && window.endsAt > now) {
      window.totalHits += 1;
      return window;
    }
    const resetTime = new Date(Date.now() + WINDOW_MS);
    const next = { totalHits: 1, resetTime, endsAt: now + WINDOW_MS };
    // Set anew at the end: the first one of a Map is the oldest.
    this.#windows.delete(key);
    this.#windows.set(key, next);
    const [oldest] = this.#windows.size > MAX_CALLERS ? this.#windows.keys() : [];
    if (oldest !== undefined) this.#windows.delete(oldest);
    return next;
  }

  decrement(key: string): void {
    const window = this.#windows.get(key);
    if (window) window.totalHits -= 1;
  }

  resetKey(key: string): void {
    this.#windows.delete(key);
  }
}
