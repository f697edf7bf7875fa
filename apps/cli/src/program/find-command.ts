import { SETTINGS } from '../settings/settings.js';

/** Where a command stands among what was given. */
export interface FoundCommand {
  /** Settings before it. */
  readonly before: readonly string[];
  /** The words that name a command, or a group of them; '' when the first word does not. */
  readonly name: string;
  /** All that stands behind it. */
  readonly rest: readonly string[];
}

const WITH_VALUE = new Set(
  [...SETTINGS.map(({ flags }) => flags), '--config <file>'].map((flags) => flags.split(' ')[0]),
);

/** Finds the command among arguments: settings may stand before its words. `names` are all that there are. */
export function findCommand(args: readonly string[], names: readonly string[]): FoundCommand {
  const before: string[] = [];
  let name = '';
  let rest = args;
  for (;;) {
    const setting = settingAt(rest);
    const word = rest[setting.length];
    const longer = name === '' ? word : `${name} ${word}`;
    const isName = names.some((known) => known === longer || known.startsWith(`${longer} `));
    if (!isName && word !== undefined) return { before, name, rest };
    before.push(...setting);
    if (word === undefined) return { before, name, rest: [] };
    name = longer ?? '';
    rest = rest.slice(setting.length + 1);
    if (names.includes(name)) return { before, name, rest };
  }
}

/** `help dead list` is `dead list --help`; one that there is not stays as it is, so that it is told. */
export function withoutHelpWord(
  args: readonly string[],
  names: readonly string[],
): readonly string[] {
  if (args[0] !== 'help') return args;
  const asked = args.slice(1);
  const { rest } = findCommand(asked, names);
  return rest.length === 0 ? [...asked, '--help'] : asked;
}

/** The settings at the beginning. */
function settingAt(args: readonly string[]): readonly string[] {
  let at = 0;
  while (args[at] === '--json' || WITH_VALUE.has(args[at]?.split('=')[0]))
    at += WITH_VALUE.has(args[at]) ? 2 : 1;
  return args.slice(0, at);
}
