import { invalidOption } from '@goflow/shared';

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a worker passes on of its own environment. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'TZ'];

/** Variables with which a command could have another program or other code run than the one that is allowed. */
const INJECTING_NAMES = new Set(
  'PATH HOME IFS ENV SHELL SHELLOPTS PS4 PROMPT_COMMAND CDPATH PAGER EDITOR VISUAL BROWSER CLASSPATH GLIBC_TUNABLES LOCPATH NLSPATH'.split(
    ' ',
  ),
);
const INJECTING_PREFIXES =
  'LD_ DYLD_ GCONV_ MALLOC_ BASH NODE_ NPM_CONFIG_ PYTHON PERL RUBY LUA PHP JAVA_ _JAVA_ JDK_ DOTNET_ CORECLR_ GIT_ OPENSSL_'.split(
    ' ',
  );

/**
 * The part of a worker's environment that its commands get. Folders of PATH that are relative are left out: they would mean another folder
 * in each `cwd`. Without PATH the system looks into its own folders.
 */
export function passedOn(env: Environment): Environment {
  const kept = Object.fromEntries(PASSED_ON.map((name) => [name, env[name]]));
  const folders = (env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return { ...kept, PATH: folders.length === 0 ? undefined : folders.join(':') };
}

/** The first name that a command may not set; `undefined` when all are harmless. */
export function refusedVariable(
  env: Environment = {},
  allowed: ReadonlySet<string> = new Set(),
): string | undefined {
  return Object.keys(env).find((name) => isInjecting(name.toUpperCase()) && !allowed.has(name));
}

/** Names that commands may set though code could be run with them. @throws OPTION_INVALID */
export function resolveAllowedEnv(names: readonly string[]): ReadonlySet<string> {
  const wrong = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (wrong === undefined) return new Set(names);
  throw invalidOption('allowEnv', 'names of variables', wrong);
}

function isInjecting(name: string): boolean {
  return INJECTING_NAMES.has(name) || INJECTING_PREFIXES.some((prefix) => name.startsWith(prefix));
}
