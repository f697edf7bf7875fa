import type { RequestHandler, Response } from 'express';

/** How often an open page is made anew. */
const EVERY_MS = 2_000;
/** More people do not look at one gateway; further ones see pages that do not change by themselves. */
const MAX_STREAMS = 200;

/** What a page shows now; `undefined` where there is nothing to be told. */
export type Render = () => Promise<Rendered | undefined>;

export interface Rendered {
  readonly html: string;
  /** It will not be told anew. */
  readonly isFinal: boolean;
}

/**
 * Streams of server-sent events, one for each page that is open: its content as it changes, `away` when it cannot be made, and nothing
 * while it stays the same. A client that does not read is not written to.
 */
export class LiveStreams {
  #open = 0;

  /** @param renderOf makes what is shown for this request */
  stream(renderOf: (...given: Parameters<RequestHandler>) => Render): RequestHandler {
    return (request, response, next) => {
      if (this.#open >= MAX_STREAMS) {
        // No content: the browser does not come again.
        response.status(204).end();
        return;
      }
      this.#open += 1;
      const ended = new AbortController();
      response.once('close', () => {
        this.#open -= 1;
        ended.abort();
      });
      response.writeHead(200, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-store',
        'X-Accel-Buffering': 'no',
      });
      void tell(response, renderOf(request, response, next), ended.signal);
    };
  }
}

async function tell(response: Response, render: Render, ended: AbortSignal): Promise<void> {
  let last: string | undefined;
  while (!ended.aborted) {
    const now = await render().then(eventsOf, () => AWAY);
    if (ended.aborted) return;
    // The comment keeps proxies from closing what is silent.
    const isFree = response.writableLength === 0;
    if (isFree) response.write(now === last ? ': same\n\n' : now);
    if (isFree) last = now;
    if (isFree && now.endsWith(END)) return void response.end();
    await pause(ended);
  }
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
