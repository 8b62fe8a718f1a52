/** What can be typed, as the parser knows it: so that what is completed can't differ from what is understood. */

import type { Command, Option } from 'commander';

/** What an option or a place takes. */
export type Value =
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  | { readonly kind: 'file' }
  /** A number, say: nothing can be offered. */
  | { readonly kind: 'other' };

export interface OptionGrammar {
  /** `-e` and `--executor`, where it has them. */
  readonly names: readonly string[];
  readonly description: string;
  /** What is asked for, `<file>` without its brackets. */
  readonly label: string;
  /** `undefined` where it takes none. */
  readonly value: Value | undefined;
  /** Whether it may be given several times. */
  readonly isRepeatable: boolean;
}

export interface CommandGrammar {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionGrammar[];
  /** What stands in the places that no option takes. */
  readonly places: Value;
}

export interface Grammar {
  readonly name: string;
  readonly options: readonly OptionGrammar[];
  readonly commands: readonly CommandGrammar[];
}

export function grammarOf(program: Command): Grammar {
  const commands = program.createHelp().visibleCommands(program);
  const names = commands.map((command) => command.name());
  return {
    name: program.name(),
    options: optionsOf(program),
    commands: commands.map((command) => ({
      name: command.name(),
      description: command.summary() || command.description(),
      options: optionsOf(command),
      places: command.name() === 'help' ? { kind: 'choices', choices: names } : placesOf(command),
    })),
  };
}

function optionsOf(command: Command): OptionGrammar[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => {
      const label = /[<[](.+?)(?:\.\.\.)?[>\]]$/.exec(option.flags)?.[1] ?? '';
      return {
        names: [option.short, option.long].filter((name) => name !== undefined),
        description: option.description,
        label,
        value: label === '' ? undefined : valueKind(option, label),
        isRepeatable: option.variadic,
      };
    });
}

function valueKind({ argChoices }: Option, label: string): Value {
  if (argChoices !== undefined) return { kind: 'choices', choices: argChoices };
  return { kind: /file|dir|module|pattern/.test(label) ? 'file' : 'other' };
}

function placesOf({ registeredArguments }: Command): Value {
  const [first] = registeredArguments;
  if (first === undefined) return { kind: 'other' };
  return first.argChoices === undefined ? { kind: 'file' } : { kind: 'choices', choices: first.argChoices };
}
