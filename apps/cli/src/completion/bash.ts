import type { Place } from './places.js';

/** A script for bash, of 3.2 and later. */
export function bashScript(places: readonly Place[]): string {
  const cases = places.map(({ after, words, options }) => {
    const all = [...words, ...options].map(({ word }) => word);
    return `    '${after}') found='${all.join(' ')}' ;;`;
  });
  return `# Completion of goflow. In ~/.bashrc: source <(goflow completion bash)
_goflow() {
  local at=1 command='' longer word found=''
  local cur=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  while [ "$at" -lt "$COMP_CWORD" ]; do
    word=\${COMP_WORDS[$at]}
    at=$((at + 1))
    case $word in
${valueCase(places)}
      -*) continue ;;
    esac
    longer=$word
    [ -n "$command" ] && longer="$command $word"
    case $longer in
      ${namesOf(places)}) command=$longer ;;
    esac
  done
  # The value of an option: files, which bash offers itself.
  [ "$at" -gt "$COMP_CWORD" ] && return
  case $command in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$found" -- "$cur"))
}
complete -o default -F _goflow goflow
`;
}

/** The value of an option is no command. */
function valueCase(places: readonly Place[]): string {
  const valued = places.flatMap(({ options }) => options.filter(({ takesValue }) => takesValue));
  const words = [...new Set(valued.map(({ word }) => word))].sort();
  return `      ${words.join(' | ')}) at=$((at + 1)); continue ;;`;
}

const namesOf = (places: readonly Place[]): string =>
  places
    .filter(({ after }) => after !== '')
    .map(({ after }) => `'${after}'`)
    .join(' | ');
