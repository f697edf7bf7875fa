import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../machine/free-port.js';
import { type ServerProcess, startServerProcess } from '../process/server-process.js';
import { until } from '../wait/until.js';
import { findPrometheus } from './find-prometheus.js';

/** How {@link PrometheusServer.start} starts a server. */
export interface PrometheusServerOptions {
  /** What is scraped: `127.0.0.1:9464`, by the name of its job. */
  readonly jobs: Readonly<Record<string, readonly string[]>>;
}

/** One series, and what it is at. */
export interface PromSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** An alert or a recording rule, as Prometheus understood it. */
export interface PromRule {
  readonly name: string;
  readonly kind: 'alerting' | 'recording';
  /** As Prometheus writes it. */
  readonly expr: string;
  /** `ok` once it was evaluated. */
  readonly health: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A private Prometheus on 127.0.0.1, which scrapes every 2 s and evaluates every second, and does not outlive this process. */
export class PrometheusServer implements AsyncDisposable {
  readonly url: string;
  readonly #process: ServerProcess;
  readonly #dir: string;

  private constructor(url: string, process: ServerProcess, dir: string) {
    this.url = url;
    this.#process = process;
    this.#dir = dir;
  }

  /**
   * Starts a server and waits until it answers.
   *
   * @throws Error with the end of its log when it does not.
   */
  static async start(options: PrometheusServerOptions): Promise<PrometheusServer> {
    const { prometheus: program } = await findPrometheus();
    const dir = await mkdtemp(join(tmpdir(), 'goflow-prometheus-'));
    const remove = () => rmSync(dir, { recursive: true, force: true });
    try {
      await writeConfig(dir, options);
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const args = [
        `--config.file=${join(dir, 'prometheus.json')}`,
        `--storage.tsdb.path=${join(dir, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ];
      const isReady = async () => (await fetch(`${url}/-/ready`)).ok;
      const process = await startServerProcess({
        program,
        args,
        port,
        isReady,
        onAbandoned: remove,
      });
      return new PrometheusServer(url, process, dir);
    } catch (error) {
      remove();
      throw error;
    }
  }

  /**
   * What an expression is now.
   *
   * @throws Error with what Prometheus says of an expression that it cannot read.
   */
  async query(expr: string): Promise<readonly PromSample[]> {
    const { result, resultType } = (await this.#ask('query', { query: expr })) as QueryAnswer;
    if (resultType === 'scalar') return [{ labels: {}, value: Number((result as Point)[1]) }];
    return (result as readonly Series[]).map(({ metric, value }) => ({
      labels: metric,
      value: Number(value[1]),
    }));
  }

  /**
   * Gives it rules. It evaluates them from the start, and scrapes only some seconds later: give them once it has data, unless that is what is looked at.
   *
   * @param files their text, by name
   */
  async load(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files))
      await writeFile(join(this.#dir, 'rules', name), text);
    this.#process.signal('SIGHUP');
    const look = async () => (await this.rules()).length > 0;
    await until(look, { what: 'the rules to be read: can they be?' });
  }

  /** All rules. */
  async rules(): Promise<readonly PromRule[]> {
    const { groups } = (await this.#ask('rules')) as { groups: readonly { rules: ToldRule[] }[] };
    return groups.flatMap(({ rules }) =>
      rules.map(({ name, type, query, health, labels = {}, annotations = {} }) => ({
        name,
        kind: type,
        expr: query,
        health,
        labels,
        annotations,
      })),
    );
  }

  /** Ends it and removes its data. Safe to call twice. */
  async stop(): Promise<void> {
    this.#process.signal('SIGKILL');
    await this.#process.ended;
    await rm(this.#dir, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #ask(path: string, body?: Readonly<Record<string, string>>): Promise<unknown> {
    const asked = new URLSearchParams(body);
    const response = await fetch(`${this.url}/api/v1/${path}?${asked.toString()}`);
    const answer = (await response.json()) as { data?: unknown; error?: string };
    if (answer.data === undefined) throw new Error(`${answer.error}: ${asked.get('query')}`);
    return answer.data;
  }
}

type Point = readonly [at: number, value: string];

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: Point;
}

interface QueryAnswer {
  readonly resultType: string;
  readonly result: readonly Series[] | Point;
}

interface ToldRule {
  readonly name: string;
  readonly type: 'alerting' | 'recording';
  readonly query: string;
  readonly health: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** As JSON, which is YAML. */
async function writeConfig(dir: string, { jobs }: PrometheusServerOptions) {
  const folder = join(dir, 'rules');
  await mkdir(folder);
  const config = {
    global: { scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '1s' },
    rule_files: [`${folder}/*.yml`],
    scrape_configs: Object.entries(jobs).map(([name, targets]) => ({
      job_name: name,
      static_configs: [{ targets }],
    })),
  };
  await writeFile(join(dir, 'prometheus.json'), JSON.stringify(config));
}
