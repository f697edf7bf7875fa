import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandSpec, GivenOptions } from './command.js';
import type { Connection } from './connection/connect.js';
import type { Context } from './context.js';
import type { ExitCode } from './exit-code.js';
import { readSettings } from './settings/settings.js';
import { Output, wantsColour } from './terminal/output.js';

/** The program's surroundings. */
export interface Surroundings {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & {
    readonly isTTY?: boolean;
    readonly columns?: number;
    readonly rows?: number;
  };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly signal: AbortSignal;
  /** Aborts when nobody reads stdout any more. */
  readonly unread: AbortSignal;
  atExit(act: () => void): void;
}

/** So long a command that only reads waits for a Redis that hangs. */
const CLOSING_MS = 250;

/**
 * Calls one command, and closes what it opened: of one that only reads, nothing is lost where that hangs, and it is not waited for.
 *
 * @throws what the command throws
 */
export async function callCommand(
  spec: CommandSpec,
  given: {
    readonly args: readonly (string | undefined)[];
    readonly options: GivenOptions;
    readonly flags: Readonly<Record<string, unknown>>;
  },
  around: Surroundings,
): Promise<ExitCode> {
  const { stdin, stdout, stderr, env, cwd, signal, unread, atExit } = around;
  const { flags } = given;
  const settings = await readSettings({ flags, env, cwd, isAllRead: readsAll(spec, flags) });
  const colour = wantsColour(env, stdout.isTTY === true);
  const out = new Output({ stdout, stderr, unread, json: settings.json, colour });
  let connection: Promise<Connection> | undefined;
  const open = async (): Promise<Connection> => {
    // Loading it takes as long as all the rest: commands without Redis do without.
    const { connect } = await import('./connection/connect.js');
    return connect(settings);
  };
  const context: Context = {
    settings,
    stdin,
    out,
    env,
    cwd,
    signal,
    atExit,
    connect: () => (connection ??= open()),
  };
  try {
    const { run } = await spec.load();
    return await run(given.args, given.options, context);
  } finally {
    const closed = connection?.then((opened) => opened.close()).catch(() => undefined);
    await (spec.readOnly ? atMost(CLOSING_MS, closed) : closed);
  }
}

async function atMost(ms: number, promise: Promise<void> | undefined): Promise<void> {
  const over = new AbortController();
  const late = delay(ms, undefined, { signal: over.signal }).catch(() => undefined);
  await Promise.race([promise, late]);
  over.abort();
}

function readsAll({ settings }: CommandSpec, flags: Readonly<Record<string, unknown>>): boolean {
  return settings === undefined || (settings === 'with --redis' && flags.redis !== undefined);
}
