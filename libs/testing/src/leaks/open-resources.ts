import { until } from '../wait/until.js';

/**
 * The kinds of resource that a test must give back: sockets, servers, child processes, message ports. Node lists a worker
 * thread only while somebody listens to its messages.
 */
export const WATCHED_RESOURCES = [
  'TCPSocketWrap',
  'TCPServerWrap',
  'ProcessWrap',
  'MessagePort',
] as const;

/** How many of each kind are open. */
export type OpenResources = Readonly<Record<(typeof WATCHED_RESOURCES)[number], number>>;

/** Remembers what is open before a test, and insists afterwards that no more is. */
export interface LeakGuard {
  /** Records what is open now. */
  before(): void;
  /**
   * Waits until no more is open than `before` recorded.
   * @throws Error naming the kinds that leaked, and how many of each.
   */
  after(): Promise<void>;
}

/** Settings of {@link leakGuard}. */
export interface LeakGuardOptions {
  /** How long things may take to close after the test: a destroyed socket needs a turn of the loop. @default 3_000 */
  readonly timeoutMs?: number | undefined;
}

const MEANING: Readonly<Record<keyof OpenResources, string>> = {
  TCPSocketWrap: 'TCP socket',
  TCPServerWrap: 'TCP server',
  ProcessWrap: 'child process',
  MessagePort: 'message port (worker thread)',
};

/** What keeps this process alive now, of the watched kinds. What was unref'd does not count. */
export function openResources(): OpenResources {
  const open = { TCPSocketWrap: 0, TCPServerWrap: 0, ProcessWrap: 0, MessagePort: 0 };
  for (const kind of process.getActiveResourcesInfo()) if (isWatched(kind)) open[kind] += 1;
  return open;
}

/** A guard for one test (or one file): call `before` first and `after` once everything should be closed. */
export function leakGuard(options: LeakGuardOptions = {}): LeakGuard {
  let recorded: OpenResources | undefined;
  return {
    before() {
      recorded = openResources();
    },
    async after() {
      if (recorded === undefined) throw new Error('leakGuard: call before() before after()');
      const allowed = recorded;
      try {
        await until(() => leaks(allowed).length === 0, {
          what: 'everything the test opened to be closed',
          timeoutMs: options.timeoutMs ?? 3_000,
        });
      } catch {
        const left = leaks(allowed);
        if (left.length > 0) throw new Error(`the test left open: ${left.join(', ')}. Close them.`);
      }
    },
  };
}

function leaks(allowed: OpenResources): readonly string[] {
  const open = openResources();
  return WATCHED_RESOURCES.filter((kind) => open[kind] > allowed[kind]).map(
    (kind) => `${open[kind] - allowed[kind]} ${kind} (${MEANING[kind]})`,
  );
}

function isWatched(kind: string): kind is keyof OpenResources {
  return (WATCHED_RESOURCES as readonly string[]).includes(kind);
}
