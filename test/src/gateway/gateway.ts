import { createGateway, type Gateway, type GatewayOptions } from '@goflow/gateway';
import type { Goflow, TaskDefinitions, Tasks } from '@goflow/sdk';
import { onTestFinished } from 'vitest';
import { type Answer, ask, type Question } from '../support/http.js';
import { newPlace, type Place } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { Described, type OpenApi } from './described.js';

/** The bearer tokens of test gateways, by role. */
export const TOKENS = {
  read: 'read-token-of-tests',
  push: 'push-token-of-tests',
  operate: 'operate-token-of-tests',
} as const;

/** What a {@link startGateway} is started with. */
export interface TestGatewayOptions<D extends TaskDefinitions> {
  readonly tasks: Tasks<D>;
  /** @default one of the test's own */
  readonly place?: Place;
  readonly gateway?: Partial<GatewayOptions>;
}

/** What is asked, and with whose token. */
export interface GatewayQuestion extends Question {
  /** `none` sends no token. @default operate */
  readonly role?: keyof typeof TOKENS | 'none';
}

export interface TestGateway<D extends TaskDefinitions> {
  readonly gateway: Gateway;
  readonly url: string;
  readonly place: Place;
  readonly goflow: Goflow<D>;
  readonly described: Described;
  /** Asks, and expects that the API's description allows the answer. The method is GET, or POST where there is a body. */
  readonly ask: (path: string, question?: GatewayQuestion) => Promise<Answer>;
}

/** A gateway in this process, with tokens and a client, in a place of their own; all is closed when the test ends. */
export async function startGateway<D extends TaskDefinitions>(
  options: TestGatewayOptions<D>,
): Promise<TestGateway<D>> {
  const { tasks, place = newPlace() } = options;
  const { read, push, operate } = TOKENS;
  const http = { port: 0, readToken: read, pushToken: push, operateToken: operate };
  const gateway = createGateway({ tasks, ...place, http, grace: 0, ...options.gateway });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  const url = gateway.url ?? '';
  const document = await ask(`${url}/openapi.json`, bearer('read'));
  const described = new Described(document.json as OpenApi);
  return {
    gateway,
    url,
    place,
    goflow: openClient(tasks, place),
    described,
    ask: async (path, { role = 'operate', ...question } = {}) => {
      const method = question.method ?? (question.body === undefined ? 'GET' : 'POST');
      const token = role === 'none' ? {} : bearer(role).headers;
      const headers = { ...token, ...question.headers };
      const answer = await ask(`${url}${path}`, { ...question, method, headers });
      described.expect({ method, path }, answer);
      return answer;
    },
  };
}

const bearer = (role: keyof typeof TOKENS) => ({
  headers: { authorization: `Bearer ${TOKENS[role]}` },
});
