import { Command, Option } from 'commander';
import type { CommandHelp, CommandSpec, GivenOptions, OptionSpec } from '../command.js';
import { GROUPS } from '../commands/groups.js';
import { SETTING_OPTIONS } from '../settings/setting-options.js';

/** Called for the command that was chosen. `flags` are those of every command, `options` its own. */
export type Chosen = (
  spec: CommandSpec,
  given: {
    readonly args: readonly (string | undefined)[];
    readonly options: GivenOptions;
    readonly flags: Readonly<Record<string, unknown>>;
  },
) => Promise<void>;

const EPILOGUE = `
Settings come from flags, then the environment, then \`.goflow.yaml\` of this
folder or the nearest above.

Exit codes:
  0 done   1 a task failed, or did not end in time   2 used wrongly
  3 Redis cannot be reached   4 not found   130 Ctrl-C

Examples:
  goflow push email.send '{"to":"a@example.com"}' --wait
  goflow dead list
  goflow top
`;

/**
 * The command line of goflow. Nothing that a command needs is loaded before it is called. Programs of their own are only listed: they take
 * their arguments themselves.
 */
export function createProgram(
  version: string,
  { commands, programs }: { commands: readonly CommandSpec[]; programs: readonly CommandHelp[] },
  chosen: Chosen,
): Command {
  const program = new Command('goflow')
    .description('Push, watch and administer tasks, steer workers, run commands as tasks.')
    .version(version)
    .addHelpText('after', EPILOGUE)
    .helpCommand('help [command...]', 'tell more of a command')
    .showHelpAfterError('(goflow --help lists the commands)')
    .exitOverride();
  addSettings(program);
  const groups = new Map<string, Command>();
  for (const spec of commands) {
    const [first = '', second] = spec.name.split(' ');
    const parent = second === undefined ? program : groupOf(groups, program, first);
    parent.addCommand(toCommand(second ?? first, spec, chosen));
  }
  for (const { name, summary } of programs)
    program.command(`${name} [flags...]`).description(summary);
  return program;
}

/** What is wrong with a line is not written by the program any more, only thrown. */
export function withoutErrorText(command: Command): void {
  command.configureOutput({ writeErr: () => undefined });
  for (const one of command.commands) withoutErrorText(one);
}

function groupOf(groups: Map<string, Command>, program: Command, name: string): Command {
  const known = groups.get(name);
  if (known) return known;
  const group = new Command(name).description(GROUPS[name] ?? '').exitOverride();
  groups.set(name, group);
  program.addCommand(group);
  return group;
}

function toCommand(name: string, spec: CommandSpec, chosen: Chosen): Command {
  const command = new Command(name)
    .description(spec.summary)
    .allowExcessArguments(false)
    .exitOverride()
    .showHelpAfterError(`(goflow ${spec.name} --help tells more)`)
    .addHelpText('after', afterHelp(spec));
  for (const { name: argument, help } of spec.args ?? []) command.argument(argument, help);
  for (const option of spec.options ?? []) command.addOption(toOption(option));
  addSettings(command);
  return command.action(async () => {
    const all = command.optsWithGlobals<Record<string, unknown>>();
    await chosen(spec, { args: command.processedArgs, options: command.opts(), flags: all });
  });
}

/** One that may be given many times takes one value each time: commander would take all words behind it, the arguments among them. */
function toOption({ flags, help }: OptionSpec): Option {
  if (!flags.endsWith('...>')) return new Option(flags, help);
  const gather = (value: string, before: readonly string[] = []): string[] => [...before, value];
  return new Option(flags.replace('...>', '>'), `${help} (repeatable)`).argParser(gather);
}

/** They may stand before the command and after it. */
function addSettings(command: Command): void {
  for (const { flags, help } of SETTING_OPTIONS)
    command.addOption(new Option(flags, help).helpGroup('Settings:'));
}

function afterHelp({ examples, notes = [] }: CommandHelp): string {
  const parts = [
    ...notes.map((note) => wrap(note)),
    `Examples:\n${examples.map((example) => `  ${example}`).join('\n')}`,
  ];
  return `\n${parts.join('\n\n')}\n`;
}

/** Lines of 80 columns at most, unless a word is longer. */
function wrap(text: string): string {
  return text.replaceAll(/(?=\S)(.{1,80})(?:\s+|$)/g, '$1\n').trimEnd();
}
