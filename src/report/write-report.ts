/** `attune report`: the page of a run, and its pictures, from the run's folder. */
import { refuseUnknown } from '../recipe/option-names.js';
import { join, resolve } from 'node:path';
import { AttuneError } from '../errors.js';
import { isCrossValidation } from '../finetune/cross-validation.js';
import type { RunContext } from '../recipe/options.js';
import { REPORT_FILES } from '../runs/run-folder.js';
import { rowOf } from '../tasks/index.js';
import { replaceFile } from '../formats/index.js';
import { confusionChart } from './charts/confusion.js';
import { type Drawing, openDrawing, PAPER, SCREEN } from './charts/drawing.js';
import { intervalChart } from './charts/intervals.js';
import { pngOf, pngOfAll } from './charts/raster.js';
import { reportPage } from './page/page.js';
import { curveCharts } from './page/sections/curves.js';
import { sharesOf, titleOf } from './page/sections/folds.js';
import { gatherFolds } from './gather/gather-folds.js';
import { GATHER_NAMES, type GatherOptions, gatherRun } from './gather/gather-run.js';
import type { ReportData } from './run/report-data.js';
import { reportOf } from './tasks/index.js';

/** What `report` needs: a run folder; the rest has defaults. */
export type ReportOptions = GatherOptions;

/** The JSON document of `attune report`: what was written. */
export interface ReportResult {
  readonly run: string;
  readonly report: string;
  /** Curves as a picture; null where there are none. */
  readonly results: string | null;
  /** Null for a regression, and where no images were evaluated. */
  readonly confusion: string | null;
}

/**
 * Writes results.png, confusion.png and, when they are there, report.html into a run folder, in place of those that are there: figures of the
 * folder's files, and an evaluation of its best checkpoint. Throws AttuneError as `evaluate` does; 'input' for a folder
 * that is no run, 'data' when the images have other classes, 'disk'.
 */
export async function report(options: ReportOptions, context: RunContext = {}): Promise<ReportResult> {
  refuseUnknown(options, GATHER_NAMES, context, 'report');
  if (typeof options.run !== 'string') throw noRun();
  const run = resolve(options.run);
  const data = (await isCrossValidation(run))
    ? await gatherFolds(run, options, context)
    : await gatherRun(options, context);
  const paper = await openDrawing(PAPER);
  const write = async (name: string, bytes: Uint8Array) => {
    const path = join(run, name);
    await replaceFile(path, [bytes]);
    return path;
  };
  const page = reportPage(data, await openDrawing(SCREEN));
  const curves = resultCharts(data, paper);
  const { main } = data;
  const matrix = main === null ? null : reportOf(main.kind).confusion(main);
  const results = curves.length === 0 ? null : await write(REPORT_FILES.results, await pngOfAll(curves));
  const confusion =
    matrix === null ? null : await write(REPORT_FILES.confusion, await pngOf(confusionChart(paper, matrix)));
  // The last: where it is, all of them are.
  return {
    run,
    report: await write(REPORT_FILES.report, new TextEncoder().encode(page)),
    results,
    confusion,
  };
}

/** JavaScript may have named none. */
function noRun(): AttuneError {
  const hint = "write run: 'runs/flowers', a folder that attune finetune has written";
  return new AttuneError({ code: 'usage', what: 'there is no run', where: 'report', hint });
}

/** What results.png shows: curves, and what was reached. */
function resultCharts(data: ReportData, paper: Drawing): string[] {
  const { main, folds } = data;
  const curves = curveCharts(data, paper).map(({ svg }) => svg);
  if (folds !== null) {
    const rows = sharesOf(folds.rows);
    return rows.length === 0
      ? []
      : [intervalChart(paper, titleOf(rowOf(data.task.kind).measures), rows, null)];
  }
  return main === null ? curves : [...curves, ...reportOf(main.kind).pictures(main, paper)];
}
