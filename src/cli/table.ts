/** Columns of text, aligned for a terminal. */
import { displayWidth, oneLine } from '../text.js';

export interface Column {
  readonly title: string;
  /** Numbers stand to the right. Default: left. */
  readonly align?: 'left' | 'right';
}

const GAP = '  ';

/** The lines of a table; the titles come first unless all are empty. Cells are cleaned of control characters. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const titles = columns.map(({ title }) => title);
  const cells = rows.map((row) => row.map(oneLine));
  const lines = titles.every((title) => title === '') ? cells : [titles, ...cells];
  const widths = columns.map((_, i) => lines.reduce((most, row) => Math.max(most, displayWidth(row[i])), 0));
  return lines.map((row) => {
    const padded = row.map((cell, i) => {
      const space = ' '.repeat(widths[i] - displayWidth(cell));
      return columns[i].align === 'right' ? space + cell : cell + space;
    });
    return padded.join(GAP).trimEnd();
  });
}

/** Facts under each other: `name  value`. */
export function facts(pairs: readonly (readonly [name: string, value: string])[]): string[] {
  return table([{ title: '' }, { title: '' }], pairs);
}
