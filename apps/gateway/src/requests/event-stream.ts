import type { Response } from 'express';

/** Less than most proxies wait on a connection that says nothing. */
const HEARTBEAT_MS = 15_000;
/** What a client may leave unread. */
const MAX_UNREAD = 1024 * 1024;
/** When a browser comes again after the connection was lost. */
const RETRY_MS = 2_000;

/** One server-sent event. `data` is sent as JSON. */
export interface StreamedEvent {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** An answer of server-sent events, with a comment every 15 s. Who does not read them is cut off: they come again and go on. */
export class EventStream {
  readonly #response: Response;
  readonly #heartbeat: NodeJS.Timeout;
  #unread = 0;

  /** @param signal ends it */
  constructor(response: Response, signal: AbortSignal) {
    this.#response = response;
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      // nginx would keep events back.
      'X-Accel-Buffering': 'no',
    });
    this.#write(`retry: ${RETRY_MS}\n\n`);
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    const end = (): void => this.end();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  }

  send({ id, event, data }: StreamedEvent): void {
    this.#write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data ?? null)}\n\n`);
  }

  /** A second call does nothing more. */
  end(): void {
    clearInterval(this.#heartbeat);
    if (!this.#response.writableEnded) this.#response.end();
  }

  /** What is unread since the last one will not be read: a heartbeat that is written looks alive to the socket. */
  #beat(): void {
    const { writableLength } = this.#response;
    if (writableLength > 0 && writableLength >= this.#unread && this.#unread > 0) this.#cut();
    else this.#write(':\n\n');
    this.#unread = this.#response.writableLength;
  }

  #write(text: string): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    if (this.#response.writableLength > MAX_UNREAD) this.#cut();
    else this.#response.write(text);
  }

  #cut(): void {
    clearInterval(this.#heartbeat);
    this.#response.destroy();
  }
}
