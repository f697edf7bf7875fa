// docs/cli.md, made from what `goflow --help` is made from.

/** @typedef {import('@goflow/cli/reference').Reference} Reference */

/** @param {Reference} reference */
export function cliPage({ commands, groups, settings, exits }) {
  const contents = commands.map(
    ({ name, summary }) => `| [\`goflow ${name}\`](#${anchorOf(name)}) | ${cell(summary)} |`,
  );
  const codes = Object.entries(exits).map(([code, meaning]) => `| ${code} | ${meaning} |`);
  return `# The command line

<!-- Made by \`npm run docs\` from apps/cli/src/commands. -->

\`npx goflow\`, of the package \`@goflow/cli\`, pushes, watches and administers tasks, and steers workers. \`goflow help <command>\` says what stands
here. Answers go to stdout and everything else to stderr; with \`--json\` an answer is JSON, one document, or one a line where there may be many: of lists,
\`dead groups\`, \`queues\`, \`workers\`, \`audit\`, \`watch\` and \`push --many\`.
Times in it are ISO 8601 in UTC, such as \`2026-01-31T12:00:00.000Z\`; what is named \`…Ms\` is a length in milliseconds.

| command | what |
|---|---|
${contents.join('\n')}

## Settings

Every command but \`goflow worker\`, which has [flags of its own](#goflow-worker), takes these, before its name or after it. A flag wins over its variable, and that over \`.goflow.yaml\` of this folder or the nearest above:

\`\`\`yaml
redis: redis://localhost:6379
prefix: shop
tasks: ./tasks.js
\`\`\`

A path in it is from the folder of the file. Contracts in TypeScript are taken where tsx is installed: beside them or above.

${tableOf('setting', settings)}

A URL names one Redis, a Cluster (\`redis+cluster://host:port,host:port\`) or the master behind Sentinels (\`redis+sentinel://host:port,host:port/name\`):
[how to name it](redis.md#how-to-name-it).

## Exit codes

| code | meaning |
|---|---|
${codes.join('\n')}

Long-running programs have their own: \`goflow worker\` those of [\`goflow-worker\`](worker.md#stopping).

## Completion

\`\`\`bash
source <(goflow completion bash)    # in ~/.bashrc
source <(goflow completion zsh)     # in ~/.zshrc, below compinit
goflow completion fish > ~/.config/fish/completions/goflow.fish
\`\`\`

## Commands

${commands.map((command) => section(command, groups)).join('\n')}`;
}

/**
 * @param {Reference['commands'][number]} command
 * @param {Reference['groups']} groups
 */
function section(
  { name, summary, args = [], options, notes = [], examples, takesSettings },
  groups,
) {
  const [group = '', second] = name.split(' ');
  const words = args.map((argument) => argument.name);
  const rest = options.length > 0 || takesSettings ? ['[options]'] : [];
  const about = second === undefined ? '' : ` (\`goflow ${group}\`: ${groups[group]}.)`;
  const parts = [
    `### goflow ${name}`,
    `${capital(summary)}.${about}`,
    fenced([`goflow ${[name, ...rest, ...words].join(' ')}`]),
    args.length > 0
      ? tableOf(
          'argument',
          args.map(({ name: flags, help }) => ({ flags, help })),
        )
      : '',
    options.length > 0 ? tableOf('option', options) : '',
    ...notes,
    fenced(examples),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/**
 * @param {string} what
 * @param {readonly import('@goflow/cli/reference').OptionSpec[]} options
 */
function tableOf(what, options) {
  const rows = options.map(({ flags, help }) => {
    // An option is written once for each of its values; an argument stands once, with all of them.
    const isRepeated = flags.startsWith('--') && flags.endsWith('...>');
    const told = isRepeated ? [flags.replace('...>', '>'), `${help} (repeatable)`] : [flags, help];
    return `| \`${cell(told[0] ?? '')}\` | ${cell(told[1] ?? '')} |`;
  });
  return `| ${what} | what |\n|---|---|\n${rows.join('\n')}`;
}

/** @param {readonly string[]} lines */
const fenced = (lines) => `\`\`\`bash\n${lines.join('\n')}\n\`\`\``;

/** @param {string} text */
const cell = (text) => text.replaceAll('|', '\\|');

/** @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** As GitHub makes it of a heading. @param {string} name */
const anchorOf = (name) => `goflow-${name.replaceAll(' ', '-')}`;
