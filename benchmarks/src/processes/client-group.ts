import { Child } from './child.js';
import type { ClientOrder, ClientReport, ClientRequest } from './client/client-report.js';

const CLIENT = new URL('./client/main.js', import.meta.url);

/** Client processes that do the same. */
export class ClientGroup implements AsyncDisposable {
  readonly #clients: readonly Child<ClientReport>[];
  #cpuUs = 0;

  private constructor(count: number, order: ClientOrder) {
    this.#clients = Array.from({ length: count }, () => new Child<ClientReport>(CLIENT, order));
  }

  /** Starts them, and waits until all are ready. */
  static async start(count: number, order: ClientOrder): Promise<ClientGroup> {
    const group = new ClientGroup(count, order);
    await group.#reports();
    return group;
  }

  /** CPU of all of them in microseconds, since they began, as last reported. */
  get cpuUs(): number {
    return this.#cpuUs;
  }

  /** Each makes these requests. Resolves when all are answered. @throws Error when an answer is wrong */
  async request(request: ClientRequest): Promise<void> {
    const reports = this.#reports();
    for (const client of this.#clients) client.send(request);
    await reports;
  }

  /** Ends them at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.kill()));
  }

  async #reports(): Promise<void> {
    const reports = await Promise.all(this.#clients.map((client) => client.next()));
    this.#cpuUs = reports.reduce((sum, { cpuUs }) => sum + cpuUs, 0);
  }
}
