/** Text that is HTML, and text that is made safe before it becomes part of it. */

/** Safe as it is. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

export type Content = Html | string | number | undefined | false | readonly Content[];

/** Everything that is put in and is not {@link Html} is escaped, for text and for quoted attributes alike. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(strings.reduce((text, string, place) => text + asHtml(contents[place - 1]) + string));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  // A browser takes these for others, or for nothing: shown as what they are.
  '\0': '\ufffd',
};

function asHtml(content: Content): string {
  if (content === undefined || content === false) return '';
  if (content instanceof Html) return content.text;
  if (typeof content === 'object') return content.map(asHtml).join('');
  return String(content).replaceAll(/[&<>"'\0]/g, (sign) => entities[sign] as string);
}
