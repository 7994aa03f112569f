/** Where the right answers of a classification stand: in class folders, or in a column of labels of a CSV file. */
import {
  columnAt,
  type ImageTable,
  labelColumn,
  labelledImages,
  labelsIn,
  sampleFolder,
} from '../inputs/index.js';
import { AttuneError } from '../errors.js';
import type { Answers, MeasuredNetwork } from './answers.js';
import { CLASS_TARGET } from './stored-target.js';

interface Info {
  readonly kind: 'classification';
  readonly classes: readonly string[];
}

export const CLASS_ANSWERS: Answers<Info> = {
  isNamedBy: ({ target }) => target === null,
  stored: CLASS_TARGET,
  async choose({ table, contents }, { label, target }) {
    if (label !== null) {
      const column = table.columns[columnAt(table, label, 'labels')];
      return { learnt: { label: column, target: null }, note: null };
    }
    const found = target === null ? labelColumn(await contents()) : null;
    return found && { learnt: { label: found.columns[0], target: null }, note: found.note };
  },
  async inTable(table, val, { label }) {
    const { classes, ...parts } = await labelsIn(table, label ?? '', val);
    return { ...parts, infoFor: () => ({ kind: 'classification', classes }) };
  },
  async inFolders(data, val, files) {
    const { classes, ...parts } = await sampleFolder(data, { val: val ?? undefined }, files);
    return { ...parts, infoFor: () => ({ kind: 'classification', classes }) };
  },
  given: ({ classes }) => `one of ${classes.length} classes`,
  measuredRows(table, rows, named, network) {
    const column = named ?? trainedColumn(table, network);
    const fields = rows.map(({ fields }) => fields[table.columns.indexOf(column)]);
    const classes = namesAmong(network, fields);
    return labelledImages(table, column, { classes, where: 'the network' }, rows);
  },
  measuredFolders: namesAmong,
};

/** The column that the run was trained with, else the only one, else the only one whose labels the network knows. */
function trainedColumn({ columns, rows, path }: ImageTable, network: MeasuredNetwork<Info>): string {
  if (network.label !== null && columns.includes(network.label)) return network.label;
  if (columns.length === 1) return columns[0];
  const isKnown = columns.map((_, column) => {
    const fields = rows.map(({ fields }) => fields[column]);
    const classes = new Set(namesAmong(network, fields));
    return fields.every((field) => classes.has(field.normalize('NFC')));
  });
  const known = columns.filter((_, column) => isKnown[column]);
  if (known.length === 1) return known[0];
  throw new AttuneError({
    code: 'data',
    what: `${known.length === 0 ? 'no column' : 'more than one column'} holds labels that are all classes of the network`,
    where: path,
    hint: `name the column of labels, as in --label ${known[0] ?? columns[0]}`,
  });
}

/** The names of the network's classes; the others, WordNet's for ImageNet's, where one of them is among the labels. */
function namesAmong(
  { info: { classes }, otherNames }: MeasuredNetwork<Info>,
  labels: readonly string[],
): readonly string[] {
  const known = new Set(otherNames);
  return labels.some((label) => known.has(label)) ? otherNames : classes;
}
