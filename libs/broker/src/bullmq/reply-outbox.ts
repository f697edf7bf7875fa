import type { Cluster, Redis } from 'ioredis';
import { joinReplies } from './reply-inbox.js';

/** More than this for one client is not kept back until the end of the turn. In characters. */
const MAX_HELD = 64 * 1024;

interface Held {
  readonly messages: string[];
  length: number;
}

const outboxes = new WeakMap<Redis | Cluster, ReplyOutbox>();

/** Sends a reply to the channel of a client. It is not waited for: lost, it costs the client one poll. */
export function postReply(redis: Redis | Cluster, channel: string, message: string): void {
  const outbox = outboxes.get(redis) ?? new ReplyOutbox(redis);
  outboxes.set(redis, outbox);
  outbox.post(channel, message);
}

/** The replies of one turn of the event loop to one client travel in one message. */
class ReplyOutbox {
  readonly #redis: Redis | Cluster;
  readonly #held = new Map<string, Held>();
  readonly #sendAll = (): void => {
    for (const channel of this.#held.keys()) this.#send(channel);
  };

  constructor(redis: Redis | Cluster) {
    this.#redis = redis;
  }

  post(channel: string, message: string): void {
    if (this.#held.size === 0) process.nextTick(this.#sendAll);
    const held = this.#held.get(channel) ?? { messages: [], length: 0 };
    this.#held.set(channel, held);
    held.messages.push(message);
    held.length += message.length;
    if (held.length > MAX_HELD) this.#send(channel);
  }

  #send(channel: string): void {
    const messages = this.#held.get(channel)?.messages ?? [];
    this.#held.delete(channel);
    this.#redis.publish(channel, joinReplies(messages)).catch(() => undefined);
  }
}
