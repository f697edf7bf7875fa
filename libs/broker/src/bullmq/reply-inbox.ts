import type { ReplyInbox, ReplyListener, TaskRecord } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { replyChannel } from './keys.js';
import { Subscriber } from './subscriber.js';

/** A larger reply is not sent: the client reads the task instead. */
const MAX_REPLY = 64 * 1024;

/** What an inbox is opened with. */
export interface InboxOptions {
  readonly prefix: string;
  readonly name: string;
  readonly listener: ReplyListener;
  readonly onError: (error: Error) => void;
  /** Gives up opening: a subscriber waits for Redis for ever. */
  readonly signal: AbortSignal;
}

/** Subscribes to a channel of the client's own, on a connection of its own: a subscriber can send no other commands. */
export async function openReplyInbox(
  redis: Redis | Cluster,
  options: InboxOptions,
): Promise<ReplyInbox> {
  const channel = replyChannel(options.prefix, options.name);
  const { listener, signal } = options;
  const subscriber = new Subscriber({
    redis,
    report: options.onError,
    heard(_channel, message) {
      for (const record of decodeReplies(message)) {
        if (record.state) listener.reply(record);
        else listener.ready(record.id);
      }
    },
    gap: () => listener.gap(),
  });
  const giveUp = (): void => subscriber.abandon();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await subscriber.subscribe(channel);
  } catch (error) {
    giveUp();
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
  return { address: options.name, close: () => subscriber.close() };
}

/**
 * The message for a task that has its outcome; only its id when the rest is too large to send. `resultJson`: its result, where the record does
 * not hold it: JSON already, so it is not read and written again.
 */
export function encodeReply(record: TaskRecord, resultJson?: string): string {
  const length = resultJson?.length ?? 0;
  const message = length > MAX_REPLY ? '' : withResult(JSON.stringify(record), resultJson);
  const isSent = message !== '' && message.length <= MAX_REPLY;
  return isSent ? message : JSON.stringify({ id: record.id });
}

const withResult = (record: string, resultJson: string | undefined): string =>
  resultJson === undefined ? record : `${record.slice(0, -1)},"result":${resultJson}}`;

/** One message for the replies to one client: a single one is sent as it is, several as a list. */
export const joinReplies = (messages: readonly string[]): string =>
  messages.length === 1 ? (messages[0] ?? '') : `[${messages.join(',')}]`;

/** The replies in a message; none in somebody else's: the poll will answer. */
export function decodeReplies(message: string): readonly TaskRecord[] {
  try {
    const replies: unknown = JSON.parse(message);
    const list = Array.isArray(replies) ? (replies as unknown[]) : [replies];
    return list.filter((reply): reply is TaskRecord => typeof reply === 'object' && reply !== null);
  } catch {
    return [];
  }
}
