import type { Place } from './places.js';

/** A script for fish, of 3.0 and later. */
export function fishScript(places: readonly Place[]): string {
  const valued = places.flatMap(({ options }) => options.filter(({ takesValue }) => takesValue));
  return `# Completion of goflow: goflow completion fish > ~/.config/fish/completions/goflow.fish
function __goflow_after
  set -l names ${quoteAll(places.map(({ after }) => after).filter((after) => after !== ''))}
  set -l valued ${quoteAll([...new Set(valued.map(({ word }) => word))].sort())}
  set -l command ''
  set -l skip ''
  set -l given (commandline -opc)
  for word in $given[2..-1]
    if test -n "$skip"
      set skip ''
      continue
    end
    if string match -q -- '-*' $word
      contains -- $word $valued; and set skip 1
      continue
    end
    set -l longer (string trim -- "$command $word")
    contains -- $longer $names; and set command $longer
  end
  test "$command" = "$argv[1]"
end
complete -c goflow -f
${places.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ after, words, options }: Place): string[] {
  const where = `complete -c goflow -n "__goflow_after '${after}'"`;
  return [
    ...words.map(({ word, help }) => `${where} -a ${quote(word)} -d ${quote(help)}`),
    ...options.map(({ word, help, takesValue, isFile }) => {
      const name = word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`;
      const value = isFile ? ' -r -F' : takesValue ? ' -x' : '';
      return `${where} ${name}${value} -d ${quote(help)}`;
    }),
  ];
}

const quote = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
const quoteAll = (texts: readonly string[]): string => texts.map(quote).join(' ');
