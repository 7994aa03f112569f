/** How loss, accuracy and rates went, epoch by epoch. */
import type { EpochRecord } from '../../../recipe/results.js';
import { mixesImages } from '../../../methods/index.js';
import { significant } from '../../../text.js';
import { curveChart, type Series } from '../../charts/curves.js';
import type { Drawing } from '../../charts/drawing.js';
import type { ReportData } from '../../run/report-data.js';
import { stagesOf } from '../../run/stored-facts.js';
import { reportOf } from '../../tasks/index.js';
import { type Content, type Html, html } from '../../html/html.js';
import { chart, digits, fold, type Section, table, thinned } from '../../html/elements.js';

/** Lines of a table of epochs. */
const MOST_ROWS = 200;

/** A chart with a sentence on what it shows. */
export interface CaptionedChart {
  readonly svg: string;
  readonly caption: string;
}

/** Loss, accuracy or fit, and rates; none where there is no curve: of a head that was not fitted step by step. */
export function curveCharts(data: ReportData, drawing: Drawing): CaptionedChart[] {
  const { isHead, stage, before } = stageOf(data);
  if (stage.length < 2) return [];
  const x = isHead ? 'iteration of the head' : 'epoch';
  const isEpoch = !isHead && data.bestEpoch !== null && data.bestEpoch > 0;
  const mark = isEpoch && data.bestEpoch !== null ? { x: data.bestEpoch, label: 'best' } : null;
  const shown = before === null ? stage : [before, ...stage];
  const { curve, lossCaption } = reportOf(data.task.kind);
  const second = curvesOf(shown, curve.key);
  return [
    {
      svg: curveChart(drawing, curvesOf(shown, 'loss'), { title: 'Loss', x, mark }),
      caption: lossCaption,
    },
    ...(second.length === 0
      ? []
      : [
          {
            svg: curveChart(drawing, second, {
              title: curve.title,
              x,
              mark,
              isShare: curve.isShare,
              fromZero: false,
            }),
            caption: curve.caption,
          },
        ]),
    ...(isHead ? [] : rateChart(drawing, stage)),
  ];
}

/** The epochs that curves are of: those of the full stage, behind what the head reached; else those of the head. */
function stageOf({ epochs }: ReportData) {
  const { head, full } = stagesOf(epochs);
  const isHead = full.length === 0;
  return {
    isHead,
    stage: isHead ? epochs : full,
    before: isHead || head === null ? null : { ...head, epoch: 0 },
  };
}

/** Null where there is no curve. */
export function curvesSection(data: ReportData, drawing: Drawing): Section | null {
  const charts = curveCharts(data, drawing);
  if (charts.length === 0) return null;
  const { isHead, stage, before } = stageOf(data);
  const numbers = epochTable(isHead ? 'Figures of each iteration' : 'Figures of each epoch', stage, data);
  return {
    id: 'curves',
    title: 'Training',
    body: html`${introduction(data, isHead, before)}<div class="pair">${charts.map(({ svg, caption }) => chart(svg, caption, null))}</div>${fold('All figures as a table', numbers)}`,
  };
}

function introduction(
  { recipe, data: { words } }: ReportData,
  isHead: boolean,
  before: EpochRecord | null,
): Html {
  if (isHead)
    return html`<p>The head was fitted to features of the network as it is, until it converged; every iteration sees all training ${words.many}.</p>`;
  const mixed =
    mixesImages(recipe) || recipe.augment !== 'none'
      ? ` Training ${words.many} are varied and validation ${words.many} are not, so that training may look worse than it is.`
      : '';
  const from = before === null ? '' : ' Epoch 0 is the head that was fitted before.';
  return html`<p>All figures are means over an epoch; validation follows it.${from}${mixed}</p>`;
}

/** Those of a measure, where it is known. */
function curvesOf(epochs: readonly EpochRecord[], key: string): Series[] {
  const of = (part: 'train' | 'val') =>
    epochs.map((record) => ({ x: record.epoch, y: record[`${part}_${key}`] ?? null }));
  return [
    { name: 'training', points: of('train') },
    { name: 'validation', points: of('val') },
  ].filter(hasPoints);
}

function hasPoints({ points }: Series): boolean {
  return points.some(({ y }) => y !== null);
}

/** The rates of the lowest and the highest group of layers: those between lie between. */
function rateChart(drawing: Drawing, full: readonly EpochRecord[]): CaptionedChart[] {
  const names = [...new Set(full.flatMap(({ lr }) => Object.keys(lr)))];
  const ends = names.length > 2 ? [names[0], names[names.length - 1]] : names;
  const series = ends.map((name) => ({
    name,
    points: full.map(({ epoch: x, lr }) => ({ x, y: lr[name] ?? null })),
  }));
  if (!series.some(hasPoints)) return [];
  return [
    {
      svg: curveChart(drawing, series, { title: 'Learning rate', x: 'epoch' }),
      caption:
        names.length > 2
          ? `At the end of each epoch, of the first and the last of ${names.length} groups of layers.`
          : 'At the end of each epoch.',
    },
  ];
}

function epochTable(caption: string, epochs: readonly EpochRecord[], { task }: ReportData): Html {
  const names = ['epoch', 'training loss', 'validation loss'];
  const more = reportOf(task.kind).epochColumns(task);
  const titles = [...names, ...more.map(({ title }) => title), 'rate', 'seconds'];
  const columns = titles.map((title) => ({ title, isNumber: true }));
  const rows = thinned(epochs, MOST_ROWS).map((epoch): Content[] => [
    epoch.epoch,
    digits(epoch.train_loss, 4),
    digits(epoch.val_loss, 4),
    ...more.map(({ text }) => text(epoch)),
    ratesText(epoch.lr),
    digits(epoch.seconds, 2),
  ]);
  const some = rows.length < epochs.length ? `; ${rows.length} of ${epochs.length}, evenly spread` : '';
  return table(`${caption}${some}`, columns, rows);
}

/** `0.001 to 0.01` */
function ratesText(lr: EpochRecord['lr']): string {
  const rates = Object.values(lr).map(significant);
  if (rates.length === 0) return '–';
  const [first, last] = [rates[0], rates[rates.length - 1]];
  return first === last ? first : `${first} to ${last}`;
}
