/**
 * Where the right answers of a multi-label classification stand: in a column of a CSV file, several labels a sample.
 *
 *     image,labels
 *     photos/1.jpg,cat;dog
 *     photos/2.jpg,
 *
 * Labels are separated by semicolons; an empty field names none of them. The classes are the labels of the rows that train,
 * in NFC, sorted by code point. A sample has the places of its labels among them, ascending, as `values`.
 */
import {
  assertFilesThere,
  type ColumnContent,
  columnAt,
  compareCodePoints,
  type ImageTable,
  type LabelledImage,
  namedColumn,
  partsOf,
  quoted,
  unusedNote,
  wrongTable,
} from '../inputs/index.js';
import { nearest } from '../nearest.js';
import { counted, listed } from '../text.js';
import { type Answers, type MeasuredNetwork, readParts } from './answers.js';
import { NUMBERS_TARGET } from './stored-target.js';

const SEPARATOR = ';';

export const LABEL_ANSWERS: Answers<{ readonly kind: 'multi-label'; readonly classes: readonly string[] }> = {
  // The name of a column does not tell whether it holds one label a sample or several.
  isNamedBy: () => false,
  stored: NUMBERS_TARGET,
  async choose({ table, contents }, { label, target }) {
    if (target !== null) return null;
    if (label !== null) {
      const column = columnAt(table, label, 'labels');
      const note = `Column ${table.columns[column]} holds several labels a picture: multi-label.`;
      if (!(await holdsSeveral(table, column))) return null;
      return { learnt: { label: table.columns[column], target: null }, note };
    }
    const several = new Set<string>();
    for (const [column, name] of table.columns.entries())
      if (await holdsSeveral(table, column)) several.add(name);
    const isOfLabels = ({ name, kind }: ColumnContent) => several.has(name) || kind === 'text';
    const all = await contents();
    const found = several.size === 0 ? null : namedColumn(all, isOfLabels);
    if (found === null || !several.has(found.name)) return null;
    const classes = (await classesOf(table, table.columns.indexOf(found.name), table.rows)).length;
    const note = `Column ${found.name} holds ${counted(classes, 'label', 'labels')}, several labels a picture: multi-label.${unusedNote(found, all)}`;
    return { learnt: { label: found.name, target: null }, note };
  },
  async inTable(table, val, { label }) {
    const name = label ?? '';
    const column = columnAt(table, name, 'labels');
    const parts = partsOf(table, val);
    const classes = await classesOf(table, column, parts.train);
    if (classes.length === 0) {
      throw wrongTable(
        `the column ${table.columns[column]} names no label in the rows that train`,
        table.path,
        'write labels, separated by semicolons',
      );
    }
    const known = { classes, where: 'training' };
    return {
      ...(await readParts(table, val, (of, rows) => labelledWith(of, name, known, rows), parts)),
      infoFor: () => ({ kind: 'multi-label', classes }),
    };
  },
  inFolders: null,
  given: ({ classes }) => `any of the labels ${listed(classes)}`,
  measuredRows(table, rows, named, network) {
    const column = named ?? measuredColumn(table, network);
    return labelledWith(table, column, { classes: network.info.classes, where: 'the network' }, rows);
  },
  measuredFolders: null,
};

/** The column that the run was trained with, else the only one. */
function measuredColumn(
  { columns, path }: ImageTable,
  { label }: Pick<MeasuredNetwork<unknown>, 'label'>,
): string {
  if (label !== null && columns.includes(label)) return label;
  if (columns.length === 1) return columns[0];
  throw wrongTable(
    `several columns could hold the labels: ${listed(columns)}`,
    path,
    `name the column of labels, as in --label ${columns[0]}`,
  );
}

/** Whether a column has a field of several labels. */
async function holdsSeveral({ rows, pauses }: ImageTable, column: number): Promise<boolean> {
  for (const { fields } of rows) {
    if (pauses.due) await pauses.take();
    if (fields[column].includes(SEPARATOR)) return true;
  }
  return false;
}

/** The labels of a field, without spaces around them, each once. */
function labelsOf(field: string): string[] {
  const labels = field.normalize('NFC').split(SEPARATOR);
  return [...new Set(labels.map((label) => label.trim()).filter((label) => label !== ''))];
}

async function classesOf(
  { pauses }: ImageTable,
  column: number,
  rows: ImageTable['rows'],
): Promise<string[]> {
  const names = new Set<string>();
  for (const { fields } of rows) {
    if (pauses.due) await pauses.take();
    for (const label of labelsOf(fields[column])) names.add(label);
  }
  return [...names].sort(compareCodePoints);
}

async function labelledWith(
  table: ImageTable,
  name: string,
  { classes, where }: { readonly classes: readonly string[]; readonly where: string },
  rows: ImageTable['rows'],
): Promise<LabelledImage[]> {
  const column = columnAt(table, name, 'labels');
  const places = new Map(classes.map((label, place) => [label, place]));
  const images: LabelledImage[] = [];
  for (const { line, path, name: image, fields } of rows) {
    if (table.pauses.due) await table.pauses.take();
    const values = labelsOf(fields[column]).map((label) => {
      const place = places.get(label);
      if (place !== undefined) return place;
      const guess = nearest(label, classes);
      throw wrongTable(
        `line ${line}, column ${table.columns[column]}: ${where} has no label ${quoted(label)}`,
        table.path,
        guess === undefined ? `its labels are ${listed(classes)}` : `did you mean ${guess}?`,
      );
    });
    // Parts and folds keep nothing in proportion: labels occur together in too many ways.
    images.push({ path, name: image, label: 0, values: values.sort((a, b) => a - b) });
  }
  await assertFilesThere(table, rows);
  return images;
}
