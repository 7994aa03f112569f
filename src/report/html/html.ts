/**
 * HTML from templates. Whatever is put into one is escaped, unless it came from one: `asIs` is the one other way from a
 * string to HTML.
 */
import { oneLine } from '../../text.js';

/** Text that is HTML. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Html | string | number | null | readonly Content[];

/** Escapes what is put in; lists are joined, and null is nothing. For text, and for attributes in double quotes. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.reduce((text, string, i) => text + textOf(values[i - 1]) + string));
}

/** What is HTML already: an SVG element that a chart has drawn, whose text is escaped, or the style sheet. */
export function asIs(text: string): Html {
  return new Html(text);
}

/** Lines of text as they are. */
export function lines(text: string): Html {
  return new Html(
    text
      .split('\n')
      .map((line) => textOf(line))
      .join('\n'),
  );
}

function textOf(value: Content | undefined): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(textOf).join('');
  return escaped(oneLine(String(value)));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
