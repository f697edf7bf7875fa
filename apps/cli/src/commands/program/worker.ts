import { dirname, resolve } from 'node:path';
import { GoflowError, isGoflowError } from '@goflow/shared';
import { useTypeScript } from '@goflow/worker/modules';
import {
  endWith,
  type GivenFlags,
  programFlags,
  readArguments,
  readSettings,
  runWorker,
} from '@goflow/worker/program';
import type { OptionSpec, StartProgram } from '../../command.js';
import { SETTINGS } from '../../settings/settings.js';
import { readSettingsFile, type SettingsFile } from '../../settings/settings-file.js';
import { Supervisor } from '../../watch/supervisor.js';
import { WatchedProcess } from '../../watch/watched-process.js';

const NAME = 'goflow worker';

/** How long running tasks may go on when the code has changed: somebody waits for the new one. */
const WATCH_GRACE = '2s';

const MORE = [
  { flags: '--watch', help: 'start anew when handlers or contracts change' },
  { flags: '--config <file>', help: 'settings, instead of the nearest .goflow.yaml' },
  { flags: '--json', help: 'errors in JSON, too: the log is lines of JSON with it and without' },
];

/** What a worker is started with by `--watch`: it waits until it is told to begin. */
const WATCHED = { flags: '--watched', help: 'started by --watch', hidden: true };

/** All flags of `goflow worker`. */
export const workerFlags = (): readonly OptionSpec[] => [...programFlags(), ...MORE];

/** `goflow worker`: `goflow-worker` in this process, or with `--watch` in others. */
export const start: StartProgram = async ({ args, env, cwd, host }) => {
  const isJson = args.includes('--json');
  try {
    const given = readArguments(args, { name: NAME, more: [...MORE, WATCHED], isJson });
    const { watch, watched, config, json: _, ...rest } = given;
    const flags = rest as GivenFlags;
    const file = await readSettingsFile({ cwd, named: config as string | undefined }, SETTINGS);
    const all = withFile(env, file);
    const settings = namedByFile(file, all, () => readSettings(flags, all));
    if (watch === true && watched !== true) {
      if (!flags.grace && !all.GOFLOW_GRACE) all.GOFLOW_GRACE = WATCH_GRACE;
      const folders = watchedFolders(settings, cwd);
      new Supervisor({ args: [...args, '--watched'], env: all, cwd, host, folders }).start();
      return;
    }
    await useTypeScript(
      [flags.tasks ?? all.GOFLOW_TASKS, flags.handlers ?? all.GOFLOW_HANDLERS],
      cwd,
    );
    if (watched !== true) return await runWorker({ flags, env: all, host });
    const process = new WatchedProcess(host);
    await runWorker({ flags, env: all, host: process, loaded: () => process.waitForGo() });
    process.tellStarted();
  } catch (error) {
    endWith(error, { name: NAME, host, isJson });
  }
};

/** Where code is that may change. @throws OPTION_INVALID when a worker has none */
function watchedFolders(
  { tasks, handlers }: { tasks?: string | undefined; handlers?: string | undefined },
  cwd: string,
): readonly string[] {
  const folders = [
    ...(tasks === undefined ? [] : [dirname(resolve(cwd, tasks))]),
    ...(handlers === undefined ? [] : [resolve(cwd, handlers)]),
  ];
  if (folders.length > 0) return folders;
  throw new GoflowError('OPTION_INVALID', '--watch needs --tasks or --handlers to watch');
}

/** The environment, with what `.goflow.yaml` says where it says nothing. */
function withFile(
  env: Readonly<Record<string, string | undefined>>,
  file: SettingsFile | undefined,
): Record<string, string | undefined> {
  const missing = SETTINGS.filter(
    ({ name, env: variable }) => file?.values[name] && !env[variable],
  );
  const said = missing.map((spec) => [spec.env, file?.values[spec.name]]);
  return { ...env, ...Object.fromEntries(said) };
}

/** An error in a value of the file is told with the file's name, and not with that of the variable that stands for it. */
function namedByFile<T>(
  file: SettingsFile | undefined,
  all: Readonly<Record<string, string | undefined>>,
  read: () => T,
): T {
  try {
    return read();
  } catch (error) {
    if (!file || !isGoflowError(error)) throw error;
    const spec = SETTINGS.find(
      ({ name, env }) => error.message.startsWith(`${env}: `) && all[env] === file.values[name],
    );
    if (!spec) throw error;
    const message = error.message.replace(spec.env, `${file.path}: \`${spec.name}\``);
    throw new GoflowError(error.code, message, { cause: error });
  }
}
