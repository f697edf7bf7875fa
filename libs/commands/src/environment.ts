import { invalidOption } from '@goflow/shared';

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a worker passes on of its own environment. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'TZ'];

/** What `--allow-env` says for every name. */
const EVERY_NAME = '*';

/**
 * The part of a worker's environment that its commands get. Folders of PATH that are relative are left out: they would mean another folder
 * in each `cwd`. Without PATH the system looks into its own folders.
 */
export function passedOn(env: Environment): Environment {
  const kept = Object.fromEntries(PASSED_ON.map((name) => [name, env[name]]));
  const folders = (env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return { ...kept, PATH: folders.length === 0 ? undefined : folders.join(':') };
}

/** The names that commands may set. */
export type AllowedEnv = ReadonlySet<string>;

/** The first name that a command may not set; `undefined` when it may set all. Any of them could have other code run than what is allowed. */
export function refusedVariable(env: Environment = {}, allowed: AllowedEnv): string | undefined {
  if (allowed.has(EVERY_NAME)) return undefined;
  return Object.keys(env).find((name) => !allowed.has(name));
}

/** Checks a list of names that commands may set; `*` stands for all. @throws OPTION_INVALID */
export function resolveAllowedEnv(names: readonly string[]): AllowedEnv {
  const wrong = names.find((name) => name !== EVERY_NAME && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (wrong === undefined) return new Set(names);
  throw invalidOption('allowEnv', 'names of variables, or * for all', wrong);
}
