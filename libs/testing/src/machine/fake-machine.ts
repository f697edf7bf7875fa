import type { Machine } from './machine.js';

/** What a fake machine has and does. */
export interface FakeMachineOptions {
  readonly env?: Record<string, string>;
  readonly programs?: readonly string[];
  readonly isRoot?: boolean;
  /** Programs that appear once a command that contains the key has run. */
  readonly installs?: Readonly<Record<string, string>>;
  /** Commands that contain one of these fail with code 7. */
  readonly fails?: readonly string[];
}

/** What {@link fakeMachine} gives. */
export interface FakeMachine {
  readonly machine: Machine;
  readonly ran: readonly string[];
  readonly said: readonly string[];
}

/** A machine on which nothing is run: it is told what would have been run and said. For tests of what finds programs. */
export function fakeMachine(options: FakeMachineOptions): FakeMachine {
  const programs = new Set(options.programs);
  const ran: string[] = [];
  const said: string[] = [];
  const machine: Machine = {
    env: options.env ?? {},
    isRoot: options.isRoot ?? false,
    find: (program) => (programs.has(program) ? `/bin/${program}` : undefined),
    run: async (command) => {
      const line = command.join(' ');
      ran.push(line);
      for (const [part, program] of Object.entries(options.installs ?? {}))
        if (line.includes(part)) programs.add(program);
      const failed = options.fails?.some((part) => line.includes(part)) === true;
      return failed ? { code: 7, output: 'E: no such package\n' } : { code: 0, output: '' };
    },
    say: (line) => said.push(line),
  };
  return { machine, ran, said };
}
