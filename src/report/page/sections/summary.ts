/** What came out, in a few figures, and what to do about it. */
import { counted, duration, percent } from '../../../text.js';
import type { ClassifiedPart, EvaluatedPart, ReportData, ValuedPart } from '../../run/report-data.js';
import { type Content, type Html, html } from '../html.js';
import { digits, interval, name, type Section, whole } from '../parts.js';
import { imagesOf, partName } from '../words.js';

type Tile = readonly [title: string, figure: string, beside: Content];

/** One sentence: what was trained on what, and how good it is. */
export function leadOf(data: ReportData): Html {
  const { recipe, task, data: card, main, folds, isFinished } = data;
  const what =
    task.kind === 'classification'
      ? counted(task.classes.length, 'class', 'classes')
      : html`${counted(task.columns.length, 'column')} of values`;
  const trained =
    folds === null
      ? html`${name(recipe.model)}, ${strategyText(recipe.strategy)} on ${counted(card.images.train, 'image')} of ${what}.`
      : html`${name(recipe.model)}, ${strategyText(recipe.strategy)} ${folds.rows.length} times, each time without another part of the images, on ${what}.`;
  const state = isFinished ? null : html` <strong>The run is not finished.</strong>`;
  if (main === null) return html`${trained}${state}`;
  if (main.kind === 'regression') {
    const { r2 } = main.metrics;
    return html`${trained} It explains <strong>${percent(r2)}</strong> of the variance of ${imagesOf(main.part, main.metrics.images)}.${state}`;
  }
  const { accuracy, interval: range, images } = main.metrics;
  return html`${trained} <strong>${percent(accuracy)}</strong> of ${imagesOf(main.part, images)} are right (95 % interval ${whole(interval(range))}).${state}`;
}

function strategyText(strategy: string): string {
  return strategy === 'probe' ? 'with a new head,' : `trained (${strategy})`;
}

export function summarySection(data: ReportData): Section {
  const tiles = [
    ...(data.main === null ? [] : tilesOf(data.main)),
    ...testTiles(data.test),
    ...runTiles(data),
  ];
  return {
    id: 'summary',
    title: 'Summary',
    body: html`<dl class="tiles">${tiles.map(
      ([title, figure, beside], i) =>
        html`<div${i === 0 ? html` class="main"` : null}><dt>${title}</dt><dd>${figure}${beside === null ? null : html`<small>${beside}</small>`}</dd></div>`,
    )}</dl>
${data.notes.map((note) => html`<p class="note">${note}</p>`)}
${adviceList(data)}`,
  };
}

function tilesOf(part: EvaluatedPart): Tile[] {
  return part.kind === 'classification' ? classTiles(part) : valueTiles(part);
}

function classTiles({ part, metrics, scaledReliability }: ClassifiedPart): Tile[] {
  const { accuracy, balanced_accuracy: recall, macro, loss, calibration, images } = metrics;
  const { interval: range, top5_accuracy: top5 } = metrics;
  const tiles: Tile[] = [
    [`Accuracy, ${partName(part)}`, percent(accuracy), `${interval(range)}, of ${counted(images, 'image')}`],
    ['Macro F1', digits(macro?.f1, 3), `mean recall of the classes ${percent(recall)}`],
    ['Loss', digits(loss, 3), 'cross-entropy in nats'],
  ];
  if (top5 !== null) tiles.push(['Top-5 accuracy', percent(top5), null]);
  if (calibration !== null) {
    const { error, scaled_error: scaled } = calibration;
    tiles.push([
      'Calibration error',
      percent(scaled ?? error),
      scaledReliability === null ? 'without a temperature' : `${percent(error)} without the temperature`,
    ]);
  }
  return tiles;
}

/** Errors of several columns are in several units: what has none is their squared error by the deviation of each. */
function valueTiles({ part, metrics, columns }: ValuedPart): Tile[] {
  const { r2, mae, rmse, loss, images } = metrics;
  const seen = `of ${counted(images, 'image')}`;
  if (columns.length > 1) {
    return [
      [`R², ${partName(part)}`, digits(r2, 3), `the mean over ${columns.length} columns, ${seen}`],
      ['Loss', digits(loss, 3), 'mean squared error of values divided by their deviation'],
    ];
  }
  return [
    [`R², ${partName(part)}`, digits(r2, 3), seen],
    [
      'Mean absolute error',
      mae === null ? '–' : String(Number(mae.toPrecision(4))),
      'in the unit of the values',
    ],
    ['RMSE', rmse === null ? '–' : String(Number(rmse.toPrecision(4))), null],
  ];
}

function testTiles(test: EvaluatedPart | null): Tile[] {
  return test === null ? [] : tilesOf(test).slice(0, 1);
}

function runTiles({ epochs, bestEpoch, recipe, folds }: ReportData): Tile[] {
  const all = folds === null ? epochs : folds.rows.flatMap((row) => row.epochs);
  const seconds = all.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const best =
    recipe.strategy === 'probe' || folds !== null
      ? 'without the time to decode images and to compute features'
      : bestEpoch === null
        ? 'nothing was validated'
        : bestEpoch === 0
          ? 'the head before the full stage was best'
          : `epoch ${bestEpoch} of ${recipe.epochs} was best`;
  return [['Time of training', duration(seconds), best]];
}

function adviceList({ advice }: ReportData): Html | null {
  if (advice.length === 0) return null;
  return html`<h3>What the curves say</h3>
<ul class="advice">${advice.map(
    ({ finding, advice: what, source }) =>
      html`<li>${withFlags(sentence(finding))} <strong>${withFlags(sentence(what))}</strong>${source === null ? null : html` <span class="quiet">${source}.</span>`}</li>`,
  )}</ul>`;
}

/** Flags as what is typed. */
function withFlags(text: string): Content {
  return text
    .split(/(--[a-z][a-z0-9-]*)/)
    .map((part, i) => (i % 2 === 1 ? html`<code class="whole">${part}</code>` : part));
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
