import type { RequestHandler, Response } from 'express';
import type { HeldRequests } from '../requests/held-requests.js';

/** How often an open page is made anew. */
const EVERY_MS = 2_000;

/** What a page shows now; `undefined` where there is nothing to be told. */
export type Render = () => Promise<Rendered | undefined>;

export interface Rendered {
  readonly html: string;
  /** It will not be told anew. */
  readonly isFinal: boolean;
}

/**
 * Answers with a stream of server-sent events: the content of a page as it changes, `away` when it cannot be made, and nothing while it stays
 * the same. A client that does not read is not written to. Where too many pages are open, further ones do not change by themselves.
 *
 * @param renderOf makes what is shown for this request
 */
export function liveStream(
  held: HeldRequests,
  renderOf: (...given: Parameters<RequestHandler>) => Render,
): RequestHandler {
  return (request, response, next) => {
    if (held.isFull) {
      // No content: the browser does not come again.
      response.status(204).end();
      return;
    }
    const ended = held.hold(response);
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
    void tell(response, renderOf(request, response, next), ended);
  };
}

/** Until its client goes away, or the gateway stops: then the page asks again, and finds another gateway. */
async function tell(response: Response, render: Render, ended: AbortSignal): Promise<void> {
  let last: string | undefined;
  while (!ended.aborted) {
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
