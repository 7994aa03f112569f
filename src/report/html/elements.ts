/** What sections are made of: tables, charts with their numbers, pictures, names. */
import { keptUnits, percent, shorten, oneLine } from '../../text.js';
import type { Picture, Share } from '../run/report-data.js';
import { asIs, type Content, type Html, html } from './html.js';

/** Letters of a name that are shown; of a longer one the beginning. */
const LONGEST_NAME = 60;

/** A name from outside, whose direction does not spread to what stands beside it. */
export function name(text: string, longest = LONGEST_NAME): Html {
  return html`<bdi>${shorten(oneLine(text), longest)}</bdi>`;
}

/** Words that no line is broken between. */
export function whole(text: string): Html {
  return html`<span class="whole">${text}</span>`;
}

/** A section of the page, with its place in the table of contents. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

export interface Column {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly isNumber?: boolean;
  /** Names and paths are broken anywhere, so that they do not widen the table. */
  readonly isNames?: boolean;
}

/** A table whose first column names its rows. It scrolls by itself where it is too wide. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Content[])[],
): Html {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<caption><span>${caption}</span></caption>
<thead><tr>${columns.map(({ title, isNumber }) => html`<th scope="col"${isNumber ? NUMBER : null}>${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => cellOf(cell, i, columns[i]))}</tr>\n`)}</tbody>
</table></div>`;
}

const NUMBER = html` class="number"`;

const NAMES = html` class="names"`;

function cellOf(cell: Content, index: number, { isNumber, isNames }: Column): Html {
  const kind = isNumber ? NUMBER : isNames ? NAMES : null;
  return index === 0 ? html`<th scope="row"${kind}>${cell}</th>` : html`<td${kind}>${cell}</td>`;
}

/** A chart with what it shows as words, and its numbers as a table for who cannot see it, or wants them. */
export function chart(svg: string, caption: Content, numbers: Html | null): Html {
  return html`<figure class="chart">
<div class="drawing" role="group" aria-label="Chart" tabindex="0">${asIs(svg)}</div>
${caption === null ? null : html`<figcaption>${caption}</figcaption>`}
${numbers === null ? null : fold('The numbers as a table', numbers)}
</figure>`;
}

/** What opens when it is asked for. */
export function fold(summary: Content, body: Content): Html {
  return html`<details><summary>${summary}</summary>${body}</details>`;
}

/** Facts under their names. */
export function facts(pairs: readonly (readonly [name: string, value: Content])[]): Html {
  return html`<dl class="facts">${pairs.map(([title, value]) => html`<div><dt>${title}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** Below this side pixels are shown one by one. */
const TINY = 96;

export function image({ uri, width, height }: Picture, alt: string): Html {
  const kind = Math.max(width, height) < TINY ? 'tiny' : 'photo';
  return html`<img class="${kind}" src="${uri}" width="${width}" height="${height}" alt="${shorten(oneLine(alt), 200)}">`;
}

/** What is typed, named or drawn as it is; tags; and text. */
const PIECES = /<(pre|code|bdi|style|svg)\b[\s\S]*?<\/\1>|<[^>]*>|[^<]+/g;

/** A page whose numbers stay with their units. Names and commands are as they were. */
export function withKeptUnits(page: string): string {
  return page.replace(PIECES, (piece) => (piece.startsWith('<') ? piece : keptUnits(piece)));
}

/** Letters at the end of a file's name that stay together: they tell one picture from the next, and its kind. */
const TAIL = /[^/\\]{0,6}\.[\p{L}\p{N}]{1,5}$/u;

/**
 * A path of a file. A long one loses its middle, so that its ending is always there; lines are broken behind folders, or
 * anywhere before the last letters, and not within the ending.
 */
export function fileName(path: string, longest = LONGEST_NAME): Html {
  const text = oneLine(path);
  const tail = TAIL.exec(text)?.[0] ?? '';
  const rest = text.slice(0, text.length - tail.length);
  const folders = shorten(rest, Math.max(8, longest - tail.length)).split('/');
  const broken = folders.map((folder, i) => (i === 0 ? folder : html`/<wbr>${folder}`));
  return html`<bdi>${broken}<span class="whole">${tail}</span></bdi>`;
}

/** `93.1 %` */
export function share(value: Share | null): string {
  return value === null ? '–' : percent(value.value);
}

/** `88.1 to 96.1 %` */
export function interval(value: readonly [number, number] | null | undefined): string {
  return value === null || value === undefined
    ? '–'
    : `${(100 * value[0]).toFixed(1)} to ${percent(value[1])}`;
}

/** A number of any size, with so many digits behind the point; `–` for what is not known. */
export function digits(value: number | null | undefined, places: number): string {
  return value === null || value === undefined ? '–' : value.toFixed(places);
}

/** A list as it is, or some of it, evenly spread, with its last. */
export function thinned<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  const step = (list.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => list[Math.round(i * step)]);
}
