/** What came out, in a few figures, and what to do about it. */
import { countedSamples } from '../../../inputs/index.js';
import { capitalized, duration } from '../../../text.js';
import type { EvaluatedPart, ReportData } from '../../run/report-data.js';
import { reportOf } from '../../tasks/index.js';
import type { Tile } from '../../tasks/task-report.js';
import { type Content, type Html, html } from '../../html/html.js';
import { name, type Section } from '../../html/elements.js';

/** One sentence: what was trained on what, and how good it is. */
export function leadOf(data: ReportData): Html {
  const { recipe, task, data: card, main, folds, isFinished } = data;
  const what = reportOf(task.kind).learnt(task);
  const trained =
    folds === null
      ? html`${name(recipe.model)}, ${strategyText(recipe.strategy)} on ${countedSamples(card.images.train, card.words)} of ${what}.`
      : html`${name(recipe.model)}, ${strategyText(recipe.strategy)} ${folds.rows.length} times, each time without another part of the ${card.words.many}, on ${what}.`;
  const state = isFinished ? null : html` <strong>The run is not finished.</strong>`;
  if (main === null) return html`${trained}${state}`;
  return html`${trained} ${reportOf(main.kind).sentence(main)}${state}`;
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
  return reportOf(part.kind).tiles(part);
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
  return `${capitalized(text)}.`;
}
