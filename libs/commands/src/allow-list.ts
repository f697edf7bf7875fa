import { invalidOption } from '@goflow/shared';

/** The programs that a worker runs: names, and absolute paths. */
export type AllowList = ReadonlySet<string>;

/**
 * Checks a list of programs. A name allows what PATH has under it, an absolute path that very file; nothing else is allowed by either.
 *
 * @throws OPTION_INVALID for an empty list, a relative path, `.` or `..` in a path, a pattern
 */
export function resolveAllowList(programs: readonly string[]): AllowList {
  if (!Array.isArray(programs) || programs.length === 0)
    throw invalidOption('allow', 'at least one program', programs);
  const wrong = programs.find((program) => !isEntry(program));
  if (wrong === undefined) return new Set(programs);
  throw invalidOption('allow', 'names of programs, or absolute paths without `.` and `..`', wrong);
}

function isEntry(program: unknown): boolean {
  if (typeof program !== 'string' || program.trim() !== program || /[*?\0]/.test(program))
    return false;
  const [first = '', ...parts] = program.split('/');
  const isPath = parts.length > 0;
  if (isPath && first !== '') return false;
  return (isPath ? parts : [first]).every((part) => part !== '' && part !== '.' && part !== '..');
}
