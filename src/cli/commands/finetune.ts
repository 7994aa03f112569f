/** `attune finetune`: trains, then shows how good the result is, where it lies and what to do with it. */
import { HEAD_STAGE } from '../../finetune/choices.js';
import { relative } from 'node:path';
import {
  crossValidate,
  type FinetuneOptions,
  type FinetuneResult,
  finetune,
  isCrossValidation,
  type ResumeOptions,
  type RunContext,
  resume,
  resumeFolds,
} from '../../finetune/index.js';
import { findModel } from '../../models/index.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { facts } from '../table.js';
import { count, oneLine, shellWord } from '../text.js';
import { foldsCommand } from './folds.js';
import { accuracyText, classTable, skippedLines } from './result-text.js';

/** Every option is a flag. */
export type FinetuneFlags = Omit<FinetuneOptions, 'data'> & Partial<Pick<ResumeOptions, 'resume'>>;

/** Classes up to which each has its line. */
const FEW_CLASSES = 20;

const EXIT_INTERRUPTED = 130;

/** Ended at once, a run goes on from where it was saved last. */
const STOPPING = 'Stopping: the step at hand is finished, and what was done is saved.';

export async function finetuneCommand(
  options: FinetuneOptions,
  json: boolean,
  output: Output,
): Promise<number> {
  if (options.model !== undefined) findModel(options.model); // before anything is read
  const { folds, fold, ...rest } = options;
  if (folds !== undefined && fold === undefined) {
    return foldsCommand((context) => crossValidate({ ...rest, folds }, context), json, output);
  }
  return train((context) => finetune(options, context), json, output);
}

export async function resumeCommand(options: ResumeOptions, json: boolean, output: Output): Promise<number> {
  if (await isCrossValidation(options.resume)) {
    return foldsCommand((context) => resumeFolds(options, context), json, output);
  }
  return train((context) => resume(options, context), json, output);
}

async function train(
  work: (context: RunContext) => Promise<FinetuneResult>,
  json: boolean,
  output: Output,
): Promise<number> {
  const result = await withSession(output, work, STOPPING);
  for (const line of skippedLines(result.images.skipped)) output.note(line);
  if (json) output.json(result);
  else printResult(result, output);
  if (!result.interrupted) return 0;
  output.note(`Saved. To go on: ${nextCommand(result)}`);
  return EXIT_INTERRUPTED;
}

function printResult(result: FinetuneResult, output: Output): void {
  const { bold } = output.paint;
  const { test, classes } = result;
  output.note('');
  output.print(bold(result.interrupted ? 'Result so far' : 'Result'), ...facts(resultFacts(result)));
  if (test !== null && classes.length <= FEW_CLASSES) output.print('', ...classTable(test.per_class));
  output.print('', bold('Run folder'), oneLine(runPath(result)));
  output.print('', bold('Next'), nextCommand(result));
}

function resultFacts(result: FinetuneResult): [name: string, value: string][] {
  const { best, classes, device, images, model, weights, parameters, resolved_defaults, test } = result;
  const seen = [`${count(images.train)} to train`, `${count(images.val)} to validate`];
  if (images.test > 0) seen.push(`${count(images.test)} to test`);
  const lines: [string, string][] = [
    ['device', `${device.adapter} (${device.kind}${device.software ? ', software' : ''})`],
    ['model', `${model}, weights ${weights}`],
    ['strategy', String(resolved_defaults['strategy'])],
    ['classes', count(classes.length)],
    ['images', seen.join(', ')],
    ['parameters', `${count(parameters.total)}, ${count(parameters.trainable)} of them trained`],
  ];
  const full = result.epochs.filter(({ stage }) => stage !== HEAD_STAGE);
  const wanted = `of ${String(resolved_defaults['epochs'])} epochs`;
  if (result.interrupted) lines.push(['done', `${full.length} ${wanted}`]);
  const bestEpoch = best.epoch === 0 ? 'none: the head of the probe was better' : `${best.epoch} ${wanted}`;
  if (full.length > 0 && images.val > 0) lines.push(['best epoch', bestEpoch]);
  lines.push(['validation accuracy', validationText(result)]);
  if (test !== null) lines.push(['test accuracy', accuracyText(test.accuracy, test.interval)]);
  return lines;
}

function validationText({ best, images }: FinetuneResult): string {
  if (images.val === 0) return 'no images';
  return best.val_accuracy === null ? 'not yet measured' : accuracyText(best.val_accuracy, best.interval);
}

/** The run folder as the user would name it. */
function runPath({ run }: FinetuneResult): string {
  return relative('.', run) || '.';
}

/** What to type next. */
function nextCommand(result: FinetuneResult): string {
  const run = shellWord(runPath(result));
  return result.interrupted ? `attune finetune --resume ${run}` : `attune predict ${run} <image or folder>`;
}
