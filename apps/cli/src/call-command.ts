import type { Readable, Writable } from 'node:stream';
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

/** Calls one command, and closes what it opened. @throws what the command throws */
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
    await connection?.then((opened) => opened.close()).catch(() => undefined);
  }
}

function readsAll({ settings }: CommandSpec, flags: Readonly<Record<string, unknown>>): boolean {
  return settings === undefined || (settings === 'with --redis' && flags.redis !== undefined);
}
