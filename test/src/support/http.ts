import { type IncomingHttpHeaders, request } from 'node:http';
import type { Worker } from '@goflow/worker';
import { expect } from 'vitest';

/** What is asked. */
export interface Question {
  /** @default GET, or PATCH when there is a body */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string or bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
}

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body, where it is JSON. */
  readonly json: unknown;
}

/** Asks a server, over a connection of its own, which is closed afterwards. Any header may be sent, `host` too. */
export function ask(url: string, question: Question = {}): Promise<Answer> {
  const { body, headers } = question;
  const method = question.method ?? (body === undefined ? 'GET' : 'PATCH');
  const bytes = body === undefined ? '' : toBytes(body);
  const length = { 'content-length': Buffer.byteLength(bytes) };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent: false, headers: { ...length, ...headers } });
    sent.once('error', reject);
    sent.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('error', reject);
      response.once('end', () => {
        const { statusCode = 0, headers: answered } = response;
        resolve({ status: statusCode, headers: answered, text, json: parsed(text) });
      });
    });
    sent.end(bytes);
  });
}

/** Asks a worker. */
export function askWorker(worker: Worker, path: string, question: Question = {}): Promise<Answer> {
  return ask(`${worker.httpUrl}${path}`, question);
}

/** Expects a problem of RFC 9457 with goflow's code. */
export function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.json).toMatchObject({ status, code, type: `urn:goflow:error:${code}` });
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
}

function toBytes(body: unknown): string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
