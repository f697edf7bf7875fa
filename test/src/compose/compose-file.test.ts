import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

// What would stop `--scale`, lose tasks or open a door. That it really runs is proved by `npm run test:compose`.

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** The lines below a key, up to the next one that is indented as little; `undefined` where there is none. */
function below(yaml: string, key: string): string | undefined {
  const found = new RegExp(`^( *)(?:- )?${key}:(.*)\n((?:\\1 +.*\n|\\1- .*\n|\\s*\n)*)`, 'm').exec(
    yaml,
  );
  return found ? `${found[2]}\n${found[3]}` : undefined;
}

const withoutComments = (yaml: string): string => yaml.replace(/^\s*#.*\n/gm, '');

/** The items of a list, without quotes. */
const itemsOf = (list = ''): string[] =>
  [...list.matchAll(/^ *- "?(.*?)"?$/gm)].map(([, item = '']) => item);

const compose = withoutComments(read('docker-compose.yml'));
const services = below(compose, 'services') ?? '';
const names = [...services.matchAll(/^ {2}(\w+):$/gm)].map(([, name = '']) => name);
/** In their order. */
const SERVICES = ['redis', 'worker', 'gateway', 'addresses', 'prometheus', 'grafana'];
/** Not what others say of it in `depends_on`. */
const service = (name: string): string =>
  new RegExp(`^ {2}${name}:(\n(?: {3,}.*\n|\\s*\n)*)`, 'm').exec(services)?.[1] ?? '';

test('the parts of a file are found', () => {
  const yaml = 'a:\n  b: 1\n  c:\n    - "x"\n    - y\nd: 2\n';
  expect(below(yaml, 'a')).toBe('\n  b: 1\n  c:\n    - "x"\n    - y\n');
  expect(itemsOf(below(yaml, 'c'))).toEqual(['x', 'y']);
  expect(below(yaml, 'e')).toBeUndefined();
});

describe('docker-compose.yml', () => {
  test('has the services that make it whole', () => {
    expect(names).toEqual([...SERVICES]);
  });

  test('fixes no container name, and no host port of a service that is scaled', () => {
    expect(compose).not.toContain('container_name');
    const published = names.filter((name) => below(service(name), 'ports') !== undefined);
    expect(published).toEqual(['gateway', 'prometheus', 'grafana']);
  });

  test.each(['gateway', 'prometheus', 'grafana'])(
    'publishes %s to this machine alone, at a port that can be changed',
    (name) => {
      const [port, ...more] = itemsOf(below(service(name), 'ports'));
      expect(port).toMatch(/^127\.0\.0\.1:\$\{\w+_PORT:-\d+\}:\d+$/);
      expect(more).toEqual([]);
    },
  );

  test('keeps every task: append-only file, no eviction, a volume, a health check', () => {
    const redis = service('redis');
    const command = itemsOf(below(redis, 'command')).join(' ');
    expect(command).toContain('--appendonly yes --maxmemory-policy noeviction');
    expect(itemsOf(below(redis, 'volumes'))).toEqual(['redis-data:/data']);
    expect(below(redis, 'healthcheck')).toContain('"ping"');
  });

  test('gives a worker longer to stop than it waits for its tasks', () => {
    const worker = service('worker');
    const grace = Number(/\$\{GOFLOW_GRACE:-(\d+)s\}/.exec(worker)?.[1]);
    const untilKilled = Number(/stop_grace_period: (\d+)s/.exec(worker)?.[1]);
    // The worker ends within its grace and two seconds.
    expect(untilKilled).toBeGreaterThan(grace + 2);
    expect(worker).toContain('init: true');
  });

  test('gives no service a right that it does not need', () => {
    for (const name of names) {
      expect(itemsOf(below(service(name), 'cap_drop')), name).toEqual(['ALL']);
      expect(itemsOf(below(service(name), 'security_opt')), name).toEqual([
        'no-new-privileges:true',
      ]);
      expect(service(name), name).not.toMatch(/privileged|network_mode|pid:|docker\.sock/);
    }
    // Redis begins as root, and becomes its own user.
    const added = names.map((name) => [name, itemsOf(below(service(name), 'cap_add'))]);
    expect(Object.fromEntries(added)).toEqual({
      redis: ['CHOWN', 'DAC_OVERRIDE', 'SETGID', 'SETUID'],
      worker: [],
      gateway: [],
      addresses: [],
      prometheus: [],
      grafana: [],
    });
  });

  test.each(['redis', 'worker', 'gateway', 'prometheus'])(
    'lets %s write nowhere but where it has to',
    (name) => {
      expect(service(name)).toContain('read_only: true\n');
      expect(itemsOf(below(service(name), 'tmpfs'))).toEqual(name === 'prometheus' ? [] : ['/tmp']);
    },
  );

  test.each(SERVICES)('bounds what %s takes of the machine', (name) => {
    expect(service(name)).toMatch(/mem_limit: \$\{\w+_MEMORY:-\d+[mg]\}\n/);
    expect(service(name)).toMatch(/pids_limit: \d+\n/);
    expect(service(name)).toContain('logging: *logging\n');
  });

  test('bounds what logs and figures take of the disk', () => {
    expect(below(compose, 'x-logging')).toMatch(/max-size: \d+m\n +max-file: "\d+"\n/);
    const command = itemsOf(below(service('prometheus'), 'command')).join(' ');
    expect(command).toMatch(/retention\.time=\$\{\w+:-\d+d\}.*retention\.size=\$\{\w+:-\d+GB\}/);
    // A command takes the place of the image's own.
    expect(command).toContain('--config.file=/etc/prometheus/prometheus.yml');
    expect(command).toContain('--storage.tsdb.path=/prometheus');
  });

  test.each(SERVICES.filter((name) => name !== 'addresses'))(
    'sees whether %s is well, and starts it again',
    (name) => {
      expect(below(service(name), 'healthcheck')).toMatch(/test:/);
      expect(service(name)).toContain('restart: unless-stopped\n');
    },
  );

  test('keeps secrets out of the file: those in it are for development, and say so', () => {
    const secrets = [...compose.matchAll(/^ *\w*(?:TOKEN|PASSWORD|SECRET|KEY)\w*: (.*)$/gm)];
    expect(secrets.map(([, value]) => value)).toEqual([
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in the file.
      ...['${GOFLOW_TOKEN:-development-only-change-me}', '${GOFLOW_READ_TOKEN:-}'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in the file.
      ...['${GATEWAY_OPERATE_TOKEN:-development-only-change-me}', '${GATEWAY_PUSH_TOKEN:-}'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in the file.
      '${GATEWAY_READ_TOKEN:-}',
      // What says which of them are not changed.
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in the file.
      ...['${GOFLOW_TOKEN:-development-only-change-me}'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in the file.
      ...['${GATEWAY_OPERATE_TOKEN:-development-only-change-me}', '${GRAFANA_PASSWORD:-admin}'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in the file.
      '${GRAFANA_PASSWORD:-admin}',
    ]);
  });

  test('brings all of it up by one command', () => {
    expect(compose).not.toContain('profiles');
  });

  test('gives the gateway longer to stop than its requests have', () => {
    const gateway = service('gateway');
    const grace = Number(/GOFLOW_GRACE: (\d+)s/.exec(gateway)?.[1]);
    const untilKilled = Number(/stop_grace_period: (\d+)s/.exec(gateway)?.[1]);
    expect(untilKilled).toBeGreaterThan(grace + 5);
  });
});

describe('what Prometheus and Grafana are given', () => {
  test.each(['worker', 'gateway'])('Prometheus asks %s at the port that it listens on', (name) => {
    const port = /GOFLOW_PORT: "(\d+)"/.exec(service(name))?.[1];
    expect(read('deploy/prometheus/prometheus.yml')).toContain(
      `      - names: [${name}]\n        type: A\n        port: ${port}\n`,
    );
  });

  test('Prometheus has the rules', () => {
    const files = itemsOf(below(read('deploy/prometheus/prometheus.yml'), 'rule_files'));
    expect(files).toEqual(['/etc/prometheus/rules/*.yml']);
    const volumes = itemsOf(below(service('prometheus'), 'volumes'));
    expect(volumes).toContain('./deploy/prometheus/rules:/etc/prometheus/rules:ro');
  });

  test('Grafana reckons with the interval at which Prometheus asks', () => {
    const interval = /scrape_interval: (\w+)/.exec(read('deploy/prometheus/prometheus.yml'))?.[1];
    const source = read('deploy/grafana/provisioning/datasources/prometheus.yml');
    expect(source).toContain(`timeInterval: ${interval}\n`);
  });

  test('Grafana has the data source that the dashboard names, and finds the dashboard', () => {
    const source = read('deploy/grafana/provisioning/datasources/prometheus.yml');
    expect(source).toContain('url: http://prometheus:9090');
    const uid = /uid: (\S+)/.exec(source)?.[1];
    expect(read('deploy/grafana/dashboards/goflow-overview.json')).toContain(`"value": "${uid}"`);
    const path = /path: (\S+)/.exec(read('deploy/grafana/provisioning/dashboards/goflow.yml'))?.[1];
    const volumes = itemsOf(below(service('grafana'), 'volumes'));
    expect(volumes).toContain(`./deploy/grafana/dashboards:${path}:ro`);
  });
});

describe('deploy/docker/goflow.Dockerfile', () => {
  test('runs Node itself, as a user without rights', () => {
    const lines = read('deploy/docker/goflow.Dockerfile').split('\n');
    expect(lines.filter((line) => line.startsWith('USER '))).toEqual(['USER node', 'USER node']);
    const starts = lines.filter((line) => /^(ENTRYPOINT|CMD) /.test(line));
    expect(starts).toHaveLength(2);
    for (const start of starts) expect(start).toMatch(/^ENTRYPOINT \["node", /);
    // What runs belongs to root, and the user of the image cannot change it.
    expect(lines.join('\n')).not.toMatch(/--chown|chmod/);
  });
});
