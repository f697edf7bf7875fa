import type { CommandSpec, ProgramSpec } from '../../command.js';

/** Help for the shell. */
export const PROGRAM_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'completion',
    summary: 'print a script that completes commands and options in a shell',
    args: [{ name: '<shell>', help: 'bash, zsh or fish', choices: ['bash', 'zsh', 'fish'] }],
    examples: ['goflow completion bash', 'goflow completion zsh', 'goflow completion fish'],
    notes: [
      'bash: add `source <(goflow completion bash)` to ~/.bashrc',
      'zsh: add `source <(goflow completion zsh)` to ~/.zshrc, below compinit',
      'fish: goflow completion fish > ~/.config/fish/completions/goflow.fish',
    ],
    readOnly: true,
    settings: 'never',
    load: () => import('./completion.js'),
  },
];

/** Programs of their own. */
export const PROGRAMS: readonly ProgramSpec[] = [
  {
    name: 'worker',
    summary: 'run a worker: goflow-worker, with --watch and TypeScript',
    examples: [
      'goflow worker --tasks ./tasks.js --handlers ./handlers',
      'goflow worker --tasks ./tasks.ts --handlers ./handlers --watch',
    ],
    notes: [
      '--watch: when a module beside the contracts, or in the directory of handlers, changes, the new code is loaded in a process of its own. Once it is loaded, the old worker stops: it takes nothing new, and has the grace (2s, unless --grace says otherwise) for what it runs; what is not done by then is handed back, no attempt spent. Then the new one begins to take tasks. Code that cannot be loaded is told, and the old worker goes on. Modules, package.json and tsconfig*.json count, other .json does not. node_modules, dist, coverage, out, tmp, logs and folders that begin with a dot are passed over below the watched ones.',
      'TypeScript: .ts, .mts and .cts modules run when tsx is installed where the handlers are, or where the command is called; else when Node itself runs them (22.18 and later).',
      'It takes the flags that stand here, and not the settings of the other commands: --timeout is unknown to it.',
      '.goflow.yaml gives --redis, --prefix, --tasks and --encryption-keys where neither the flag nor its variable does. Signals and exit codes are those of goflow-worker.',
    ],
    flags: async () => (await import('./worker.js')).workerFlags(),
    load: () => import('./worker.js'),
  },
];
