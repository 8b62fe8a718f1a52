/** Completion for zsh. */

import type { CommandGrammar, Grammar, OptionGrammar, Value } from './grammar.js';

export function zshScript({ name, options, commands }: Grammar): string {
  const listed = commands.map((command) => `        ${quoted(`${command.name}:${command.description}`)}\n`);
  return `#compdef ${name}
# Completion of "${name}" for zsh. To have it in every shell, add to ~/.zshrc, after compinit:  source <(${name} completion zsh)

_${name}() {
  local curcontext=$curcontext state line
  local -a commands
  typeset -A opt_args
  _arguments -C ${options.map(optionSpec).join(' ')} '1: :->command' '*:: :->rest'
  case $state in
    command)
      commands=(
${listed.join('')}      )
      _describe command commands
      ;;
    rest)
      case $words[1] in
${commands.map(commandCase).join('')}      esac
      ;;
  esac
}

# Run by zsh itself where this is a file of its $fpath, else sourced.
if [[ $funcstack[1] == _${name} ]]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`;
}

function commandCase({ name, options, places }: CommandGrammar): string {
  const specs = [...options.map(optionSpec), quoted(`*: :${action(places)}`)];
  return `        ${name})\n          _arguments -s -S \\\n            ${specs.join(' \\\n            ')}\n          ;;\n`;
}

/** `'(-e --executor)'{-e,--executor}'[where tasks run]:kind:(thread process)'`; a long name may have its value after \`=\`. */
function optionSpec({ names, description, label, value, isRepeatable }: OptionGrammar): string {
  const takes = value === undefined ? '' : `:${escaped(label)}:${action(value)}`;
  const forms = names.map((name) => (value !== undefined && name.startsWith('--') ? `${name}=` : name));
  const text = quoted(`[${escaped(description)}]${takes}`);
  const once = isRepeatable ? '*' : `(${names.join(' ')})`;
  return forms.length === 1 ? `${quoted(once)}${forms[0]}${text}` : `${quoted(once)}{${forms.join(',')}}${text}`;
}

function action(value: Value): string {
  switch (value.kind) {
    case 'choices':
      return `(${value.choices.join(' ')})`;
    case 'file':
      return '_files';
    case 'other':
      return ' ';
    default:
      return value satisfies never;
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, String.raw`\$&`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
