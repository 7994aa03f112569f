/** `attune finetune`: trains, then shows how good the result is, where it lies and what to do with it. */
import { HEAD_STAGE } from '../../recipe/choices.js';
import { relative } from 'node:path';
import {
  crossValidate,
  type FinetuneOptions,
  type FinetuneResult,
  finetune,
  foldsOf,
  isCrossValidation,
  type ResumeOptions,
  type RunContext,
  type RunDocument,
  type TaskKind,
  resume,
  resumeFolds,
} from '../../finetune/index.js';
import { inputRow } from '../../inputs/index.js';
import { commandLine, pathFromHere } from '../../runs/command-line.js';
import { exampleImage } from '../../finetune/run/example-image.js';
import { isFinishedProbe } from '../../finetune/run/resume.js';
import { findModel } from '../../models/index.js';
import type { EndOptions } from '../finetune-flags.js';
import type { Output } from '../output.js';
import { endOf, resumeCommandLine, STOPPING, withSession } from '../session.js';
import { facts } from '../table.js';
import { textOf } from '../tasks/index.js';
import type { Fact } from '../tasks/task-text.js';
import { count, oneLine } from '../../text.js';
import { foldsCommand } from './folds.js';
import { profileLines } from './profile-text.js';
import { type EndReport, endReport, lacksReport } from './report-at-end.js';
import { skippedLines } from '../tasks/result-text.js';

/** The result of a classification or a regression. */
type AnyResult = FinetuneResult<TaskKind>;

export async function finetuneCommand(
  { report, ...options }: FinetuneOptions & EndOptions,
  json: boolean,
  output: Output,
): Promise<number> {
  if (options.model !== undefined) findModel(options.model); // before anything is read
  const { folds: _, fold: __, ...rest } = options;
  const folds = await foldsOf(options);
  if (folds !== null) {
    const work = (context: RunContext) => crossValidate({ ...rest, folds }, context);
    return foldsCommand(work, { ...options, report }, json, output);
  }
  return train((context) => finetune<TaskKind>(options, context), { ...options, report }, json, output);
}

export async function resumeCommand(
  { report, ...options }: ResumeOptions & EndOptions,
  json: boolean,
  output: Output,
): Promise<number> {
  const { resume: run, device, threads } = options;
  const end = { ...options, report };
  const lacks = await lacksReport(run, end);
  // A complete run may have been killed before its report was written.
  const complete = lacks ? 'evaluate' : 'refuse';
  if (await isCrossValidation(run)) {
    return foldsCommand((context) => resumeFolds(options, context, complete), end, json, output);
  }
  if (lacks && (await isFinishedProbe(run))) {
    output.note('The run is complete: only its report is written.');
    const named = { ...(device !== undefined && { device }), ...(threads !== undefined && { threads }) };
    const { reportCommand } = await import('./report.js'); // which loads the charts
    return reportCommand({ run, ...named }, json, output);
  }
  return train((context) => resume<TaskKind>(options, context, complete), end, json, output);
}

async function train(
  work: (context: RunContext) => Promise<AnyResult>,
  end: EndReport,
  json: boolean,
  output: Output,
): Promise<number> {
  const result = await withSession(output, work, STOPPING);
  for (const line of skippedLines(result.images.skipped)) output.note(line);
  const report = await endReport(result, end, output);
  if (json) output.json({ ...result, report });
  else printResult(result, report, await nextCommand(result), output);
  return endOf(result.interrupted, runPath(result), output);
}

function printResult(result: AnyResult, report: string | null, next: string, output: Output): void {
  const { bold } = output.paint;
  output.note('');
  output.print(bold(result.interrupted ? 'Result so far' : 'Result'), facts(resultFacts(result)));
  const tested = textOf(result.task).tested(result);
  if (tested.length > 0) output.print('', tested);
  if (result.profile) output.print('', bold('Profile'), profileLines(result.profile));
  output.print('', bold('Run folder'), oneLine(runPath(result)));
  if (report !== null) output.print('', bold('Report'), oneLine(relative('.', report)));
  output.print('', bold('Next'), next);
}

function resultFacts(result: AnyResult): Fact[] {
  const text = textOf(result.task);
  const { best, device, images, model, weights, parameters, resolved_defaults } = result;
  const seen = [`${count(images.train)} to train`, `${count(images.val)} to validate`];
  if (images.test > 0) seen.push(`${count(images.test)} to test`);
  const lines: Fact[] = [
    ['device', `${device.adapter} (${device.kind}${device.software ? ', software' : ''})`],
    ['model', `${model}, weights ${weights}`],
    ['strategy', String(resolved_defaults['strategy'])],
    text.learnt(result),
    [inputRow(result.input).files.many, seen.join(', ')],
    ['parameters', `${count(parameters.total)}, ${count(parameters.trainable)} of them trained`],
  ];
  const full = result.epochs.filter(({ stage }) => stage !== HEAD_STAGE);
  const wanted = `of ${String(resolved_defaults['epochs'])} epochs`;
  if (result.interrupted) lines.push(['done', `${full.length} ${wanted}`]);
  const bestEpoch = best.epoch === 0 ? 'none: the head of the probe was better' : `${best.epoch} ${wanted}`;
  if (full.length > 0 && images.val > 0) lines.push(['best epoch', bestEpoch]);
  return [...lines, ...text.reached(result)];
}

/** The run folder as the user would name it. */
function runPath({ run }: RunDocument): string {
  return pathFromHere(run);
}

/** What to type next, as it stands. */
async function nextCommand(result: RunDocument): Promise<string> {
  const run = runPath(result);
  if (result.interrupted) return resumeCommandLine(run);
  const image = await exampleImage(result.run);
  return commandLine(image === null ? ['report', run] : ['predict', run, pathFromHere(image)]);
}
