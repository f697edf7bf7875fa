import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { TOKENS } from './gateway.js';

/** One server-sent event. */
export interface ReadEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: unknown;
}

/** A stream of server-sent events, being read. */
export interface OpenStream {
  readonly status: number;
  /** What has come. */
  readonly events: readonly ReadEvent[];
  readonly text: () => string;
  /** Resolves when the server ended it. */
  readonly ended: Promise<void>;
  /** Goes away without a word. */
  leave(): void;
}

/** Opens `/tasks/:id/events`; resolves with the head of the answer. */
export async function openEvents(
  url: string,
  id: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenStream> {
  const authorization = `Bearer ${TOKENS.read}`;
  const sent = request(`${url}/tasks/${id}/events`, {
    agent: false,
    headers: { authorization, ...headers },
  });
  const response = await headOf(sent);
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  response.on('error', () => undefined);
  return {
    status: response.statusCode ?? 0,
    get events() {
      return eventsOf(text);
    },
    text: () => text,
    ended: new Promise((resolve) => response.once('close', () => resolve())),
    leave: () => void sent.destroy(),
  };
}

function headOf(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on('error', reject);
    sent.once('response', resolve);
    sent.end();
  });
}

function eventsOf(text: string): ReadEvent[] {
  const blocks = text.split('\n\n').slice(0, -1);
  return blocks.flatMap((block) => {
    const fields = new Map(
      block.split('\n').map((line): [string, string] => {
        const at = line.indexOf(': ');
        return [line.slice(0, at), line.slice(at + 2)];
      }),
    );
    const data = fields.get('data');
    if (data === undefined) return [];
    return [
      { id: fields.get('id'), event: fields.get('event'), data: JSON.parse(data) as unknown },
    ];
  });
}
