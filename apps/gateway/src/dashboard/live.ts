import type { Request, RequestHandler, Response } from 'express';
import type { HeldRequests } from '../requests/held-requests.js';

/** How often an open page is made anew. */
const EVERY_MS = 2_000;

/** What a page shows now; `undefined` where there is nothing to be told. */
export type Render = () => Promise<Rendered | undefined>;

/** An open page. */
export interface LivePage {
  readonly render: Render;
  /** False once the login of who looks is over. */
  readonly isKnown: () => boolean;
}

export interface Rendered {
  readonly html: string;
  /** It will not be told anew. */
  readonly isFinal: boolean;
}

/**
 * Answers with a stream of server-sent events: the content of a page as it changes, `away` when it cannot be made, and nothing while it stays
 * the same. A client that does not read is not written to. Where too many pages are open, further ones do not change by themselves.
 *
 * @param pageOf the page of a request
 */
export function liveStream(
  held: HeldRequests,
  pageOf: (request: Request, response: Response) => LivePage,
): RequestHandler {
  return (request, response) => {
    if (held.isFull) {
      // No content: the browser does not come again by itself.
      response.status(204).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    // Asked by a page whose stream was refused, to know why.
    if (request.method === 'HEAD') response.end();
    else void tell(response, pageOf(request, response), held.hold(response));
  };
}

/**
 * Until its client goes away, its login is over, or the gateway stops: then the page asks again, and finds another gateway, or that it has to
 * log in.
 */
async function tell(
  response: Response,
  { render, isKnown }: LivePage,
  ended: AbortSignal,
): Promise<void> {
  let last: string | undefined;
  while (!ended.aborted && isKnown()) {
    const now = await render().then(eventsOf, () => AWAY);
    if (ended.aborted) break;
    // The comment keeps proxies from closing what is silent.
    const isFree = response.writableLength === 0;
    if (isFree) response.write(now === last ? ': same\n\n' : now);
    if (isFree) last = now;
    if (isFree && now.endsWith(END)) return void response.end();
    await pause(ended);
  }
  response.end();
}

const AWAY = 'event: away\ndata:\n\n';
const END = 'event: end\ndata:\n\n';

/** What is final is told once more: it was not when the page was opened. */
function eventsOf(shown: Rendered | undefined): string {
  if (!shown) return END;
  return `${eventOf('show', shown.html)}${shown.isFinal ? END : ''}`;
}

const eventOf = (name: string, text: string): string =>
  `event: ${name}\n${text
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('')}\n`;

function pause(ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      ended.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, EVERY_MS);
    ended.addEventListener('abort', done);
  });
}
