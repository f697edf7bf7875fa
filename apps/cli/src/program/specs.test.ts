import { readArguments } from '@goflow/worker/program';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import type { CommandHelp } from '../command.js';
import { ALL_COMMANDS, COMMANDS, PROGRAMS } from '../commands/index.js';
import { SETTING_OPTIONS } from '../settings/setting-options.js';
import { createProgram } from './create-program.js';
import { findCommand } from './find-command.js';

const NAMES = ALL_COMMANDS.map(({ name }) => name);
const WIDTH = 80;

/** Words as a shell reads them: quotes are taken off. */
function shellWords(line: string): string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}

/** What is between pipes and before `>`, without quotes that hold them. */
function ourPart(line: string): string[] {
  const parts: string[][] = [[]];
  for (const word of shellWords(line))
    if (/^(\||>|>>|<|&&|;)$/.test(word)) parts.push([]);
    else parts.at(-1)?.push(word);
  return parts.find(([first]) => first === 'goflow')?.slice(1) ?? [];
}

/** The command that takes these words. @throws CommanderError, as the program does */
async function chosenBy(args: readonly string[]): Promise<string> {
  const { name, rest } = findCommand(args, NAMES);
  const handedTo = PROGRAMS.find((program) => program.name === name);
  if (handedTo) {
    const flags = await handedTo.flags();
    const known = new Set((await import('@goflow/worker/program')).programFlags());
    readArguments(rest, {
      name,
      more: flags.filter((flag) => ![...known].some((one) => one.flags === flag.flags)),
    });
    return name;
  }
  let chosen = '';
  const program = createProgram(
    '1.2.3',
    { commands: COMMANDS, programs: PROGRAMS },
    async (spec) => {
      chosen = spec.name;
    },
  );
  quiet(program);
  await program.parseAsync(args, { from: 'user' });
  return chosen;
}

function quiet(command: Command): void {
  command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  for (const one of command.commands) quiet(one);
}

test('there are commands, and each has a name of its own', () => {
  expect(NAMES).toEqual(expect.arrayContaining(['get', 'completion', 'worker']));
  expect(new Set(NAMES).size).toBe(NAMES.length);
});

test.each(ALL_COMMANDS)(
  '$name has a summary of one line, an example, and help for all that it takes',
  (spec) => {
    expect(spec.summary).toMatch(/^[a-z].{8,70}[^.]$/);
    expect(spec.examples.length).toBeGreaterThan(0);
    for (const { help } of [...(spec.args ?? []), ...(spec.options ?? [])])
      expect(help).not.toBe('');
    for (const { name } of spec.args ?? [])
      expect(name).toMatch(/^(<[a-z]+(\.\.\.)?>|\[[a-z]+(\.\.\.)?\])$/);
  },
);

const examples = ALL_COMMANDS.flatMap(({ name, examples: lines }) =>
  lines.map((line) => ({ name, line })),
);

test.each(examples)(
  'an example of $name is a line that the program takes: $line',
  async (example) => {
    expect(example.line.length).toBeLessThanOrEqual(WIDTH - 2);
    expect(await chosenBy(ourPart(example.line))).toBe(example.name);
  },
);

test('a line that the program does not take is found', async () => {
  for (const line of ['goflow get', 'goflow get a b', 'goflow get a --nope', 'x | goflow get > b'])
    await expect(chosenBy(ourPart(line))).rejects.toMatchObject({ code: /^commander\./ });
  await expect(chosenBy(ourPart('goflow worker --nope'))).rejects.toMatchObject({ exitCode: 1 });
});

/** `-q, --queue <name>` as the names that it takes up, that in code too. */
function takenBy(flags: string): string[] {
  const words = flags.match(/(?<=^|[\s,])--?[\w-]+/g) ?? [];
  return words.map((word) => word.replace(/^--no-/, '--'));
}

const clashes = ({ options = [] }: CommandHelp): string[] => {
  const all = [...SETTING_OPTIONS.map(({ flags }) => flags), '-h, --help'];
  const taken = [...all, ...options.map(({ flags }) => flags)].flatMap(takenBy);
  return taken.filter((word, at) => taken.indexOf(word) !== at);
};

test.each(COMMANDS)('no two options of $name are the same, nor one and a setting', (spec) => {
  expect(clashes(spec)).toEqual([]);
});

test('options that clash are found', () => {
  const of = (...flags: string[]) =>
    clashes({
      name: 'a',
      summary: '',
      examples: [],
      options: flags.map((one) => ({ flags: one, help: '' })),
    });
  expect(of('--redis')).toEqual(['--redis']);
  expect(of('-h <host>')).toEqual(['-h']);
  expect(of('-a, --all', '--any, -a')).toEqual(['-a']);
});

const given = { commands: COMMANDS, programs: PROGRAMS };
const program = createProgram('1.2.3', given, async () => undefined);

function withAll(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withAll)];
}

test.each(withAll(program).map((command) => [command.name(), command] as const))(
  'the help of %s fits 80 columns',
  (_name, command) => {
    let written = '';
    command.configureOutput({
      writeOut: (text) => {
        written += text;
      },
      getOutHelpWidth: () => WIDTH,
    });
    command.outputHelp();
    expect(written).toContain('Usage: goflow');
    expect(written.split('\n').filter((line) => line.length > WIDTH)).toEqual([]);
  },
);
