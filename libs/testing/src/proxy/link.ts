import { connect, type Socket } from 'node:net';
import type { Faults, RequestFate } from './faults.js';
import { Pipe } from './pipe.js';
import { type ReplyPart, ReplyScan } from './reply-scan.js';
import { type FramedRequest, RequestFraming } from './request-framing.js';
import { resetSocket } from './reset-socket.js';

/** What a link tells its proxy. */
export interface LinkEvents {
  written(way: Way, bytes: number): void;
  /** A request or a reply was taken away. */
  dropped(): void;
  /** The link reset itself. */
  cut(): void;
  /** Both of its sockets are closed. */
  closed(): void;
}

/** What makes a link. */
export interface LinkSetup {
  readonly client: Socket;
  readonly targetPort: number;
  readonly faults: Faults;
  readonly events: LinkEvents;
}

type Way = 'up' | 'down';
type ReplyFate = Extract<RequestFate, 'dropReply' | 'truncateReply'>;

/** After these a connection carries what answers no request, so that replies cannot be told apart any more. */
const NO_PLAIN_REPLIES = /SUBSCRIBE$|^(MONITOR|SYNC|PSYNC)$/i;

/** One connection of a client and the one to the server that belongs to it. */
export class Link {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #faults: Faults;
  readonly #events: LinkEvents;
  readonly #up: Pipe;
  readonly #down: Pipe;
  readonly #requests = new RequestFraming();
  readonly #replies = new ReplyScan();
  /** Which ways have lost bytes: what came after them would make no sense. */
  readonly #lost = { up: false, down: false };
  /** What is to happen to replies, by their number. */
  readonly #fates = new Map<number, ReplyFate>();
  #asked = 0;
  #answered = 0;
  #repliesKnown = true;
  /** Carries nothing any more, but closes when one side does. */
  #isDead = false;
  #isCut = false;

  constructor({ client, targetPort, faults, events }: LinkSetup) {
    this.#client = client;
    this.#server = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    this.#faults = faults;
    this.#events = events;
    const [from, to] = [client, this.#server];
    this.#up = new Pipe({ from, to }, faults, (bytes) => events.written('up', bytes));
    this.#down = new Pipe({ from: to, to: from }, faults, (bytes) => events.written('down', bytes));
    this.#listen();
  }

  /** True while the client holds its side open. */
  get isOpen(): boolean {
    return !this.#client.destroyed;
  }

  /** The faults are over. When bytes were lost, the link carries nothing any more. */
  heal(): void {
    if (this.#lost.up || this.#lost.down) this.#isDead = true;
    if (this.#client.destroyed) this.#server.destroy();
    if (this.#server.destroyed) this.#client.destroy();
  }

  /** Resets both sides at once. */
  reset(): void {
    this.#isCut = true;
    resetSocket(this.#client);
    resetSocket(this.#server);
  }

  #listen(): void {
    const [client, server] = [this.#client, this.#server];
    client.on('data', (chunk: Buffer) => this.#fromClient(chunk));
    server.on('data', (chunk: Buffer) => this.#fromServer(chunk));
    client.on('error', () => undefined);
    server.on('error', () => {
      // A port that nothing listens on is seen as a reset too: the client is accepted before that is known.
      if (!this.#swallows('down')) resetSocket(client);
    });
    client.once('close', () => this.#closed('up', server));
    server.once('close', () => this.#closed('down', client));
  }

  #closed(way: Way, other: Socket): void {
    const pipe = way === 'up' ? this.#up : this.#down;
    const back = way === 'up' ? this.#down : this.#up;
    back.close();
    if (other.destroyed) this.#events.closed();
    else if (this.#isDead || !this.#swallows(way)) pipe.afterAll(() => other.destroy());
  }

  #swallows(way: Way): boolean {
    return this.#isDead || this.#lost[way] || this.#faults.blackholed[way];
  }

  #fromClient(chunk: Buffer): void {
    if (this.#isCut) return;
    for (const request of this.#requests.push(chunk)) {
      if (this.#swallows('up')) this.#lost.up = true;
      else this.#forward(request);
    }
  }

  #forward(request: FramedRequest): void {
    const fate = this.#fateOf(request);
    if (fate === 'stall') {
      this.#lost.up = true;
      return;
    }
    if (fate === 'dropRequest') {
      this.#lost.up = true;
      this.#events.dropped();
      this.#up.afterAll(() => this.#cut());
      return;
    }
    if (fate !== 'pass') this.#fates.set(this.#asked, fate);
    this.#asked += 1;
    this.#up.send(request.bytes);
  }

  #fateOf({ args }: FramedRequest): RequestFate {
    if (args === undefined || NO_PLAIN_REPLIES.test(args[0] ?? '')) this.#repliesKnown = false;
    return args === undefined ? 'pass' : this.#faults.fateOf(args, this.#repliesKnown);
  }

  #fromServer(chunk: Buffer): void {
    if (this.#isCut) return;
    if (this.#swallows('down')) {
      this.#lost.down = true;
      return;
    }
    if (!this.#repliesKnown) {
      this.#down.send(chunk);
      return;
    }
    for (const part of this.#replies.push(chunk)) if (!this.#answer(part)) return;
    this.#repliesKnown &&= this.#replies.isResp;
  }

  /** False when the link ends with this part. */
  #answer(part: ReplyPart): boolean {
    const fate = part.isPush ? undefined : this.#fates.get(this.#answered);
    if (fate !== undefined) {
      this.#lost.down = true;
      this.#events.dropped();
      if (fate === 'truncateReply')
        this.#down.send(part.bytes.subarray(0, Math.ceil(part.bytes.length / 2)));
      this.#down.afterAll(() => this.#cut());
      return false;
    }
    if (part.ends && !part.isPush) this.#answered += 1;
    this.#down.send(part.bytes);
    return true;
  }

  /** The server's side is closed in order, so that what was passed on to it is still done. */
  #cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#events.cut();
    resetSocket(this.#client);
    this.#server.destroy();
  }
}
