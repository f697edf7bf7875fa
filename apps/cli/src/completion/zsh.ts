import type { Place, Typed } from './places.js';

/** A script for zsh. */
export function zshScript(places: readonly Place[]): string {
  const cases = places.map(
    ({ after, words, options }) =>
      `    '${after}') found=(${describe(words)}); options=(${describe(options)}) ;;`,
  );
  const valued = places.flatMap(({ options }) => options.filter(({ takesValue }) => takesValue));
  return `#compdef goflow
# Completion of goflow. In ~/.zshrc, below compinit: source <(goflow completion zsh)
_goflow() {
  local -a found options names valued
  local command='' longer word skip='' at
  names=(${quoteAll(places.map(({ after }) => after).filter((after) => after !== ''))})
  valued=(${quoteAll([...new Set(valued.map(({ word }) => word))].sort())})
  for (( at = 2; at < CURRENT; at++ )); do
    word=\${words[at]}
    if [[ -n $skip ]]; then skip=''; continue; fi
    if [[ $word == -* ]]; then
      (( \${valued[(Ie)$word]} )) && skip=1
      continue
    fi
    longer=\${command:+$command }$word
    (( \${names[(Ie)$longer]} )) && command=$longer
  done
  if [[ -n $skip ]]; then _files; return; fi
  case $command in
${cases.join('\n')}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe -o 'option' options
  elif (( \${#found} )); then
    _describe 'command' found
  else
    _files
  fi
}
compdef _goflow goflow
`;
}

const describe = (typed: readonly Typed[]): string =>
  quoteAll(typed.map(({ word, help }) => `${word.replaceAll(':', '\\:')}:${help}`));

const quoteAll = (texts: readonly string[]): string =>
  texts.map((text) => `'${text.replaceAll("'", `'\\''`)}'`).join(' ');
