import type { CommandSpec } from '../../command.js';

/** Commands of the operating system as tasks. */
export const EXEC_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'exec',
    summary: 'run commands side by side and print their results as JSON',
    args: [
      {
        name: '[commands]',
        help: 'array of {"identifier","command","args"}, and where wanted "timeout", "cwd", "env", "stdin"',
      },
    ],
    options: [
      { flags: '-i, --infile <file>', help: 'read the commands there; - is stdin. It wins' },
      { flags: '-o, --outfile <file>', help: 'write the results there, not to stdout' },
      {
        flags: '-t, --max_threads <n>',
        help: 'commands at once (default: 2; with --redis as many as the workers take)',
      },
      { flags: '-v, --verbose', help: 'tell on stderr as commands start and end' },
      {
        flags: '--order <given|completed>',
        help: 'results in the order of the commands, or as they end (default: given)',
      },
      { flags: '--fail', help: 'exit with 1 when a command ended with another code than 0' },
      {
        flags: '--command-timeout <duration>',
        help: 'end commands that run longer and say no timeout of their own (default: never)',
      },
      { flags: '--queue <name>', help: 'with --redis: the queue of the commands (default: exec)' },
    ],
    examples: [
      `goflow exec '[{"identifier":"job 1","command":"php","args":["a.php","x"]}]'`,
      'goflow exec -i commands.json -o results.json -t 8 --fail',
      'goflow exec -i commands.json --redis redis://localhost:6379',
    ],
    notes: [
      'The commands run on this machine, unless --redis is on the command line: then workers run them that were started with --allow-programs. REDIS_URL alone does not do that. No shell reads them.',
      'The results are the last thing that is printed: [{"identifier","exit_code","result_body"}] and, where there is something to say, "stderr", "signal", "timed_out", "truncated", "duration_ms", "error". No command is left out.',
      'Exit codes in results that are not the command’s own: 124 it ran too long, 125 goflow could not have it run, 126 the worker does not allow it, 127 it cannot start, 130 it was not begun because of Ctrl-C; 128 + n: ended by signal n.',
    ],
    settings: 'with --redis',
    load: () => import('./exec.js'),
  },
];
