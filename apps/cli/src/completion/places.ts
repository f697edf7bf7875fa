import type { CommandHelp, OptionSpec } from '../command.js';

/** Something that can be typed, and what it is. */
export interface Typed {
  readonly word: string;
  readonly help: string;
}

/** An option; `isFile`: of a path. */
export interface TypedOption extends Typed {
  readonly takesValue: boolean;
  readonly isFile: boolean;
}

/** What can follow some words of a command line. */
export interface Place {
  /** '' at the beginning, `dead` where a group goes on, `dead list` behind a whole command. */
  readonly after: string;
  readonly words: readonly Typed[];
  readonly options: readonly TypedOption[];
}

/** A command with all the options that it takes. */
export type CompletedCommand = CommandHelp & { readonly options: readonly OptionSpec[] };

/** All places of the command line; `groups` says what groups are for. */
export function placesOf(
  commands: readonly CompletedCommand[],
  {
    groups,
    everywhere,
  }: { groups: Readonly<Record<string, string>>; everywhere: readonly OptionSpec[] },
): readonly Place[] {
  const names = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))];
  const top = names.map((word) => ({
    word,
    help: groups[word] ?? commands.find(({ name }) => name === word)?.summary ?? '',
  }));
  const inGroups = names
    .filter((name) => commands.some((command) => command.name.startsWith(`${name} `)))
    .map((name) => ({ after: name, words: wordsIn(name, commands), options: [] }));
  const behind = commands.map(({ name, args = [], options }) => ({
    after: name,
    words: args.flatMap(({ choices = [], help }) => choices.map((word) => ({ word, help }))),
    options: options.flatMap(toOptions),
  }));
  const help = { word: 'help', help: 'tell more of a command' };
  return [
    { after: '', words: [...top, help], options: everywhere.flatMap(toOptions) },
    { after: 'help', words: top, options: [] },
    ...inGroups,
    ...behind,
  ];
}

function wordsIn(group: string, commands: readonly CompletedCommand[]): Typed[] {
  return commands
    .filter(({ name }) => name.startsWith(`${group} `))
    .map(({ name, summary }) => ({ word: name.slice(group.length + 1), help: summary }));
}

/** `-q, --queue <name>` is two. */
function toOptions({ flags, help }: OptionSpec): TypedOption[] {
  const words = flags.match(/(?<=^|[\s,])--?[\w-]+/g) ?? [];
  const value = /[<[](.*)[>\]]/.exec(flags)?.[1];
  const isFile = /^(file|dir|path)/.test(value ?? '');
  // One whose value may be left out is followed by anything.
  return words.map((word) => ({ word, help, takesValue: flags.includes('<'), isFile }));
}
