/** What `attune bench` prints, and writes as Markdown: the same tables. */
import { formatBytes } from '../../inputs/disk.js';
import { ANYWHERE } from '../../runs/command-line.js';
import type { BenchDevice, BenchPart, Spread } from '../../finetune/bench/results.js';
import { oneLine, percent, significant } from '../../text.js';
import type { BenchResults, PlacedRow } from '../bench-devices.js';
import type { Output } from '../output.js';
import { type Column, table } from '../table.js';

/** The document of `--json`. */
export interface BenchDocument extends BenchResults {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly date: string;
  /** What was typed, but for the files that were to be written. */
  readonly command: string;
  /** How long was measured, all devices together. */
  readonly seconds: number;
  readonly parts: readonly BenchPart[];
  readonly devices: readonly BenchDevice[];
}

interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

type Row<P extends PlacedRow['part']> = Extract<PlacedRow, { part: P }>;

const left = (title: string): Column => ({ title });
const right = (title: string): Column => ({ title, align: 'right' });

const NOTES = [
  'Numbers are medians, with the least and the most. A multiply-add is two operations.',
  'Share: the least time that the ceilings allow for as many operations and bytes, by the time it took; above 100 % where',
  'caches or a better algorithm help. A software adapter is a processor that plays a GPU: its numbers say nothing of one.',
];

/** The row of a document without a hardware GPU. */
const NO_GPU = [
  'all of it',
  'a hardware GPU',
  'all',
  `none was measured; on a machine with one: ${ANYWHERE} bench`,
];

/** The adapter, and what is to be known of it. */
export function deviceText({ kind, adapter, software }: BenchDevice): string {
  return `${oneLine(adapter)} (${kind}${software ? ', software' : ''})`;
}

export function printTables(document: BenchDocument, output: Output): void {
  for (const [i, { title, columns, rows }] of tablesOf(document).entries()) {
    output.print(i > 0 ? [''] : [], output.paint.bold(title), table(columns, rows));
  }
  output.print('', NOTES);
}

export function markdownReport(document: BenchDocument): string {
  const { version, node, platform, date, command, seconds } = document;
  return [
    '# attune bench',
    '',
    `attune ${version}, Node ${node}, ${platform}, ${date}; ${seconds} s in all, by \`${command}\`.`,
    '',
    ...NOTES,
    ...tablesOf(document).flatMap(({ title, columns, rows }) => [
      '',
      `## ${title}`,
      '',
      markdownRow(columns.map((column) => column.title)),
      markdownRow(columns.map(({ align }) => (align === 'right' ? '--:' : '---'))),
      ...rows.map(markdownRow),
    ]),
    '',
  ].join('\n');
}

function markdownRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => oneLine(cell).replaceAll('|', '\\|')).join(' | ')} |`;
}

/** The tables that have rows. */
function tablesOf({ rows, unmeasured, devices }: BenchDocument): Table[] {
  const of = <P extends PlacedRow['part']>(part: P) => rows.filter((row): row is Row<P> => row.part === part);
  const tables: Table[] = [
    {
      title: 'Ceilings, measured',
      columns: [left('device'), right('multiply-adds, GFLOP/s'), right('copy, GB/s')],
      rows: of('ceilings').map((row) => [
        deviceText(row),
        significant(row.gflops),
        significant(row.gigabytes_per_second),
      ]),
    },
    {
      title: 'Kernels',
      columns: [
        ...[left('operation'), left('device'), left('variant'), right('ms'), right('GFLOP/s'), right('GB/s')],
        ...[right('share'), left('of')],
      ],
      rows: of('kernels').map((row) => [
        ...[row.name, deviceText(row), row.variant, spreadText(row.milliseconds)],
        ...[significant(row.gflops), significant(row.gigabytes_per_second), percent(row.share), row.bound],
      ]),
    },
    {
      title: 'Models, at 224 pixels',
      columns: [
        left('network'),
        left('device'),
        right('batch'),
        right('images/s'),
        right('most device memory'),
      ],
      rows: of('models').map((row) => [
        ...[row.name, deviceText(row), String(row.batch), spreadText(row.images_per_second)],
        formatBytes(row.peak_bytes),
      ]),
    },
    {
      title: 'Start-up of a process, in seconds',
      columns: [
        ...[left('network'), left('device'), right('batch'), right('open'), right('first step')],
        ...[right('later steps'), right('first by later')],
      ],
      rows: of('startup').map((row) => [
        ...[row.name, deviceText(row), String(row.batch), significant(row.open_seconds)],
        ...[significant(row.first_seconds), spreadText(row.later_seconds)],
        significant(row.first_seconds / row.later_seconds.median),
      ]),
    },
    {
      title: 'Not measured',
      columns: [left('what'), left('device'), left('part'), left('why')],
      rows: [
        ...unmeasured.map((row) => [row.name, deviceText(row), row.part, row.reason]),
        ...(devices.some(({ kind, software }) => kind === 'webgpu' && !software) ? [] : [NO_GPU]),
      ],
    },
  ];
  return tables.filter((one) => one.rows.length > 0);
}

function spreadText({ median, min, max, samples }: Spread): string {
  if (samples === 1) return significant(median);
  return `${significant(median)} (${significant(min)} to ${significant(max)})`;
}
