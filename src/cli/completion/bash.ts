/** Completion for bash, of the version of macOS (3.2), too. */

import type { Grammar, OptionGrammar, Value } from './grammar.js';

export function bashScript({ name, options, commands }: Grammar): string {
  const cases = commands.map(
    ({ name: command, options: own, places }) => `    ${command})
      options='${optionNames(own)}'
      case $previous in
${valueCases(own)}        *) ${offer(places)} ;;
      esac
      ;;
`,
  );
  return `# Completion of "${name}" for bash. To have it in every shell, add to ~/.bashrc:  source <(${name} completion bash)

_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command= options= words= index
  # bash takes "--option=value" for three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index += 1)); do
    case \${COMP_WORDS[index]} in
      --) return ;;
      -*) ;;
      *) command=\${command:-\${COMP_WORDS[index]}} ;;
    esac
  done
  case $command in
    '')
      options='${optionNames(options)}'
      words='${commands.map((command) => command.name).join(' ')}'
      ;;
${cases.join('')}  esac
  if [[ $current == -* ]]; then
    words=$options
  fi
  if [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}

# Where nothing is offered, bash completes the names of files.
complete -o bashdefault -o default -F _${name} ${name}
`;
}

function optionNames(options: readonly OptionGrammar[]): string {
  return options.flatMap(({ names }) => names).join(' ');
}

/** One case for all options that take the same. */
function valueCases(options: readonly OptionGrammar[]): string {
  const patterns = new Map<string, string[]>();
  for (const { names, value } of options) {
    if (value === undefined) continue;
    const offered = offer(value);
    patterns.set(offered, [...(patterns.get(offered) ?? []), ...names]);
  }
  return [...patterns].map(([offered, names]) => `        ${names.join(' | ')}) ${offered} ;;\n`).join('');
}

function offer(value: Value): string {
  switch (value.kind) {
    case 'choices':
      return `words='${value.choices.join(' ')}'`;
    case 'file':
      return "words=''";
    case 'other':
      return 'compopt +o default +o bashdefault 2>/dev/null';
    default:
      return value satisfies never;
  }
}
