import type { ConcurrencyScope } from '@goflow/sdk';
import { callerOf } from '../caller.js';
import type { Endpoint } from '../endpoint.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { answer, body, fields, inQuery, listOf, onlyFields, ref, TEXT } from '../openapi/parts.js';
import { integerOf, queryOf } from '../requests/query.js';
import type { Role } from '../roles.js';
import { badRequest, fieldsOf } from './body-fields.js';

/** What can be asked of the workers, and how they are steered. */
export function fleetEndpoints(deps: GatewayDeps): readonly Endpoint[] {
  return [workers(deps), rules(deps), setRule(deps), resetRule(deps), audit(deps)];
}

function workers({ goflow }: GatewayDeps): Endpoint {
  return {
    method: 'GET',
    path: '/workers',
    role: 'read',
    operation: {
      operationId: 'listWorkers',
      summary: 'List the workers that are alive',
      tags: ['fleet'],
      responses: { 200: answer('All of them.', fields({ workers: listOf(ref('Worker')) })) },
    },
    handle: async (_request, response) => {
      response.json({ workers: await goflow.inspector.workers() });
    },
  };
}

function rules({ goflow }: GatewayDeps): Endpoint {
  return {
    method: 'GET',
    path: '/fleet/concurrency',
    role: 'read',
    operation: {
      operationId: 'listConcurrencyRules',
      summary: 'List the rules of concurrency, the most specific first',
      tags: ['fleet'],
      responses: { 200: answer('All of them.', fields({ rules: listOf(ref('ConcurrencyRule')) })) },
    },
    handle: async (_request, response) => {
      const found = await goflow.fleet.rules();
      response.json({ rules: found.map((rule) => ({ ...rule, at: new Date(rule.at) })) });
    },
  };
}

function setRule({ goflow }: GatewayDeps): Endpoint {
  const concurrency = { type: 'integer', minimum: 0, maximum: 10_000 };
  return {
    method: 'PUT',
    path: '/fleet/concurrency',
    role: 'operate',
    operation: {
      operationId: 'setConcurrency',
      summary: 'Say how many tasks each worker of a scope runs at once',
      description:
        'The scope is the workers with all of the labels, and of their queues the one that is named; without both, all workers.',
      tags: ['fleet'],
      requestBody: body(onlyFields({ concurrency, 'queue?': TEXT, 'labels?': ref('Labels') })),
      responses: { 200: answer('What was said of the scope before.', ref('FleetChange')) },
    },
    handle: async (request, response) => {
      const { concurrency: wanted, ...scope } = await fieldsOf(request, FIELDS);
      const by = callerOf(request, response.locals.role as Role);
      const options = { ...(scope as ConcurrencyScope), by };
      response.json(await goflow.fleet.setConcurrency(wanted as number, options));
    },
  };
}

const FIELDS = ['concurrency', 'queue', 'labels'] as const;

function resetRule({ goflow }: GatewayDeps): Endpoint {
  return {
    method: 'DELETE',
    path: '/fleet/concurrency',
    role: 'operate',
    operation: {
      operationId: 'resetConcurrency',
      summary:
        'Take back the rule of a scope: the others count again, else what each worker was started with',
      tags: ['fleet'],
      parameters: [
        inQuery('queue', TEXT, 'The queue that the rule names.'),
        inQuery('labels', TEXT, 'The labels that the rule names: `region=eu,zone=a`.'),
      ],
      responses: { 200: answer('Whether there was one.', ref('FleetChange')) },
    },
    handle: async (request, response) => {
      const query = queryOf(request);
      const [queue, labels] = [query.get('queue'), labelsOf(query.get('labels'))];
      const by = callerOf(request, response.locals.role as Role);
      response.json(await goflow.fleet.resetConcurrency({ queue, labels, by }));
    },
  };
}

/** `region=eu,zone=a` as `{ region: 'eu', zone: 'a' }`. What labels may be, the SDK checks. @throws REQUEST_INVALID */
function labelsOf(text: string | undefined): Record<string, string> | undefined {
  if (text === undefined) return undefined;
  const labels = new Map<string, string>();
  for (const label of text.split(',')) {
    const [name = '', value, ...rest] = label.split('=');
    if (value === undefined || rest.length > 0 || labels.has(name))
      throw badRequest('labels are given as region=eu,zone=a, each name once');
    labels.set(name, value);
  }
  return Object.fromEntries(labels);
}

function audit({ goflow }: GatewayDeps): Endpoint {
  const limits = { type: 'integer', minimum: 1, maximum: 2_000, default: 100 };
  return {
    method: 'GET',
    path: '/fleet/audit',
    role: 'read',
    operation: {
      operationId: 'listAuditRecords',
      summary: 'Tell who changed what of the fleet, the newest first',
      tags: ['fleet'],
      parameters: [inQuery('limit', limits, 'How many.')],
      responses: {
        200: answer('The last changes.', fields({ records: listOf(ref('AuditRecord')) })),
      },
    },
    handle: async (request, response) => {
      const limit = integerOf('limit', queryOf(request).get('limit'));
      const records = await goflow.fleet.audit({ limit });
      response.json({ records: records.map((one) => ({ ...one, at: new Date(one.at) })) });
    },
  };
}
