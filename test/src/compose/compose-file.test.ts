import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

// What would stop `--scale`, lose tasks or open a door. That it really runs is proved by `npm run test:compose`.

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

interface Service {
  readonly image: string;
  readonly container_name?: string;
  readonly ports?: readonly string[];
  readonly environment?: { readonly GOFLOW_GRACE?: string; readonly GOFLOW_PORT?: string };
  readonly command?: readonly string[];
  readonly profiles?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
  readonly init?: boolean;
}

const compose = parse(read('docker-compose.yml')) as {
  readonly services: Readonly<Record<'redis' | 'worker' | 'prometheus' | 'grafana', Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const { redis, worker, prometheus, grafana } = compose.services;

describe('docker-compose.yml', () => {
  test('fixes no container name, and no host port of a service that is scaled', () => {
    const named = Object.entries(compose.services).filter(
      ([, { container_name }]) => container_name,
    );
    expect(named).toEqual([]);
    expect(worker.ports).toBeUndefined();
    expect(redis.ports).toBeUndefined();
  });

  test('publishes ports to this machine alone, and each can be changed', () => {
    for (const port of [...(prometheus.ports ?? []), ...(grafana.ports ?? [])])
      expect(port).toMatch(/^127\.0\.0\.1:\$\{\w+_PORT:-\d+\}:\d+$/);
  });

  test('keeps every task: append-only file, no eviction, a volume, a health check', () => {
    expect(redis.command?.join(' ')).toContain('--appendonly yes --maxmemory-policy noeviction');
    expect(redis.volumes).toEqual(['redis-data:/data']);
    expect(redis.healthcheck?.test).toContain('ping');
  });

  test('gives a worker longer to stop than it waits for its tasks', () => {
    const graceOf = (text = ''): number => Number(/(\d+)s/.exec(text)?.[1]);
    const grace = graceOf(worker.environment?.GOFLOW_GRACE);
    // The worker ends within its grace and two seconds.
    expect(graceOf(worker.stop_grace_period)).toBeGreaterThan(grace + 2);
    expect(worker.init).toBe(true);
  });

  test('starts Prometheus and Grafana only when asked to', () => {
    const optional = Object.entries(compose.services).filter(([, { profiles }]) => profiles);
    expect(optional.map(([name]) => name)).toEqual(['prometheus', 'grafana']);
    expect([prometheus.profiles, grafana.profiles]).toEqual([['observability'], ['observability']]);
  });
});

describe('what Prometheus and Grafana are given', () => {
  test('Prometheus asks for the service and the port that workers listen on', () => {
    const { scrape_configs } = parse(read('deploy/prometheus/prometheus.yml')) as {
      scrape_configs: readonly { job_name: string; dns_sd_configs?: readonly object[] }[];
    };
    const job = scrape_configs.find(({ job_name }) => job_name === 'goflow-worker');
    const port = Number(worker.environment?.GOFLOW_PORT);
    expect(job?.dns_sd_configs).toMatchObject([{ names: ['worker'], type: 'A', port }]);
  });

  test('Grafana has the data source that the dashboard names, and finds the dashboard', () => {
    const { datasources } = parse(
      read('deploy/grafana/provisioning/datasources/prometheus.yml'),
    ) as {
      datasources: readonly { uid: string; url: string }[];
    };
    expect(datasources).toMatchObject([{ url: 'http://prometheus:9090' }]);
    const dashboard = read('deploy/grafana/dashboards/goflow-overview.json');
    expect(dashboard).toContain(`"value": "${datasources[0]?.uid}"`);
    const { providers } = parse(read('deploy/grafana/provisioning/dashboards/goflow.yml')) as {
      providers: readonly { options: { path: string } }[];
    };
    const mounted = (grafana.volumes ?? []).map((volume) => volume.split(':')[1]);
    expect(mounted).toContain(providers[0]?.options.path);
  });
});

describe('deploy/docker/worker.Dockerfile', () => {
  test('runs Node itself, as a user without rights', () => {
    const lines = read('deploy/docker/worker.Dockerfile').split('\n');
    expect(lines.filter((line) => line.startsWith('USER '))).toEqual(['USER node']);
    const starts = lines.filter((line) => /^(ENTRYPOINT|CMD) /.test(line));
    expect(starts).toHaveLength(1);
    expect(starts[0]).toMatch(/^ENTRYPOINT \["node", /);
  });
});
