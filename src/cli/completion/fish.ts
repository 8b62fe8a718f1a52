/** Completion for fish. */

import type { CommandGrammar, Grammar, OptionGrammar, Value } from './grammar.js';

export function fishScript({ name, options, commands }: Grammar): string {
  const none = quoted(`not __fish_seen_subcommand_from ${commands.map((command) => command.name).join(' ')}`);
  const lines = [
    `complete -c ${name} -e`,
    ...options.map((option) => `complete -c ${name} -n ${none} ${optionSpec(option)}`),
    ...commands.map(
      (command) => `complete -c ${name} -n ${none} -f -a ${command.name} -d ${quoted(command.description)}`,
    ),
    ...commands.flatMap((command) => commandLines(name, command)),
  ];
  return `# Completion of "${name}" for fish. To have it in every shell:  ${name} completion fish > ~/.config/fish/completions/${name}.fish

${lines.join('\n')}
`;
}

function commandLines(program: string, { name, options, places }: CommandGrammar): string[] {
  const start = `complete -c ${program} -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
  const own = options.map((option) => `${start} ${optionSpec(option)}`);
  if (places.kind === 'file') return own;
  const offered = places.kind === 'choices' ? ` -a ${quoted(places.choices.join(' '))}` : '';
  return [...own, `${start} -f${offered}`];
}

function optionSpec({ names, description, value }: OptionGrammar): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  return [...flags, ...(value === undefined ? [] : [takes(value)]), `-d ${quoted(description)}`].join(' ');
}

function takes(value: Value): string {
  switch (value.kind) {
    case 'choices':
      return `-x -a ${quoted(value.choices.join(' '))}`;
    case 'file':
      return '-r -F';
    case 'other':
      return '-x';
    default:
      return value satisfies never;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}
