import type { FleetExporter } from '@goflow/shared';
import {
  addComputed,
  CappedLabels,
  METRICS,
  type MetricRegistry,
  OTHER,
} from '@goflow/shared/metrics';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { FleetMetrics } from './fleet-metrics.js';
import { TextRegistry } from './text-registry.js';

/** What gateway metrics are made of. */
export interface GatewayMetricsOptions {
  /** How many streams are open, by what they are of. */
  readonly streams: () => Readonly<Record<'tasks' | 'pages', number>>;
  /** A broker's. Undefined: this gateway never tells what is true of all queues. */
  readonly exporter: FleetExporter | undefined;
  /** How many queues get a label of their own; the rest is `other`. @default 500 */
  readonly maxQueues?: number | undefined;
  /** One process of each group tells what is true of all queues. @default that of all who name none */
  readonly group?: string | undefined;
  /** Resolves when the broker answers. */
  readonly ping: () => Promise<unknown>;
}

/** A request that is over. */
export interface RequestSeen {
  readonly method: string;
  /** The pattern of its path; undefined for a path that there is not. */
  readonly route: string | undefined;
  readonly status: number;
  readonly seconds: number;
}

/** The metrics of one gateway. Each has a registry of its own: two in one process do not mix. */
export interface GatewayMetrics {
  readonly contentType: string;
  /** Where those of its client are added. */
  readonly register: MetricRegistry;
  /** The text that Prometheus scrapes, within about a second, Redis away or not. */
  text(): Promise<string>;
  count(request: RequestSeen): void;
  /** Stops what measures in the background; another process may be elected to tell what is true of all queues. Never rejects. */
  close(): Promise<void>;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
/** There are fewer: were one made of a path some day, it would not be a series for each. */
const MAX_ROUTES = 200;

/** Counts what a gateway is asked. */
export function createGatewayMetrics(options: GatewayMetricsOptions): GatewayMetrics {
  const { streams, exporter, ping, maxQueues, group } = options;
  const registry = new Registry();
  const own = new TextRegistry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  const count = countRequests(registry);
  addComputed(own, METRICS.streams, () =>
    Object.entries(streams()).map(([of, value]) => ({ labels: { of }, value })),
  );
  const fleet = new FleetMetrics({ registry: own, exporter, ping, maxQueues, group });
  return {
    contentType: registry.contentType,
    register: own,
    text: async () => (await Promise.all([own.text(), registry.metrics()])).join('\n'),
    count,
    close: () => {
      registry.clear();
      own.clear();
      return fleet.close();
    },
  };
}

function countRequests(registry: Registry): (request: RequestSeen) => void {
  const routes = new CappedLabels({ max: MAX_ROUTES });
  const methods = new CappedLabels({
    max: METHODS.length,
    isKnown: (method) => METHODS.includes(method),
  });
  const { requests, request: took } = METRICS;
  const counter = new Counter({
    name: requests.name,
    help: requests.help,
    labelNames: [...requests.labels],
    registers: [registry],
  });
  const histogram = new Histogram({
    name: took.name,
    help: took.help,
    labelNames: [...took.labels],
    buckets: [...(took.buckets ?? [])],
    registers: [registry],
  });
  return ({ method, route, status, seconds }) => {
    const labels = {
      method: methods.of(method),
      route: route === undefined ? OTHER : routes.of(route),
    };
    counter.inc({ ...labels, status: String(status) });
    histogram.observe(labels, seconds);
  };
}
