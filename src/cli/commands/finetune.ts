/** `attune finetune`: trains, then shows how good the result is, where it lies and what to do with it. */
import { relative } from 'node:path';
import { type FinetuneOptions, type FinetuneResult, finetune } from '../../finetune/index.js';
import { findModel } from '../../models/index.js';
import { flagName } from '../flags.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { facts } from '../table.js';
import { count, oneLine, shellWord } from '../text.js';
import { accuracyText, classTable, skippedLines } from './result-text.js';

/** The options that are flags of this version; the others are refused, see ../finetune-flags.ts. */
export type FinetuneFlags = Pick<
  FinetuneOptions,
  | 'model'
  | 'weights'
  | 'val'
  | 'valSplit'
  | 'strategy'
  | 'headEpochs'
  | 'imageSize'
  | 'seed'
  | 'out'
  | 'workers'
  | 'device'
  | 'adapter'
>;

/** Classes up to which each has its line. */
const FEW_CLASSES = 20;

export async function finetuneCommand(
  options: FinetuneFlags & { readonly data: string },
  json: boolean,
  output: Output,
): Promise<number> {
  if (options.model !== undefined) findModel(options.model); // before anything is read
  const result = await withSession(output, (context) => finetune(options, context));
  for (const line of skippedLines(result.images.skipped)) output.note(line);
  if (json) output.json(result);
  else printResult(result, options, output);
  return result.interrupted ? 130 : 0;
}

function printResult(result: FinetuneResult, options: FinetuneFlags, output: Output): void {
  const { bold } = output.paint;
  const { best, classes, device, images, parameters, test } = result;
  const seen = [`${count(images.train)} to train`, `${count(images.val)} to validate`];
  if (images.test > 0) seen.push(`${count(images.test)} to test`);
  const lines: [string, string][] = [
    ['device', `${device.adapter} (${device.kind}${device.software ? ', software' : ''})`],
    ['classes', count(classes.length)],
    ['images', seen.join(', ')],
    ['parameters', `${count(parameters.total)}, ${count(parameters.trainable)} of them trained`],
    ['validation accuracy', images.val === 0 ? 'no images' : accuracyText(best.val_accuracy, best.interval)],
  ];
  if (test !== null) lines.push(['test accuracy', accuracyText(test.accuracy, test.interval)]);
  output.note('');
  output.print(bold('Settings'), ...facts(settings(result, options)));
  output.print('', bold('Result'), ...facts(lines));
  if (test !== null && classes.length <= FEW_CLASSES) output.print('', ...classTable(test.per_class));

  const run = relative('.', result.run) || '.';
  output.print('', bold('Run folder'), oneLine(run));
  output.print('', bold('Next'), `attune predict ${shellWord(run)} <image or folder>`);
}

/** What was resolved, under the names of the flags, and where it comes from. */
function settings(
  { resolved_defaults, model, weights }: FinetuneResult,
  options: FinetuneFlags,
): [name: string, value: string][] {
  const given = new Set(Object.keys(options).map(flagName));
  const reasons: Readonly<Record<string, string>> = {
    l2: 'by cross-validation',
    model: options.weights === undefined ? 'default' : 'from the weights',
  };
  const resolved = { ...resolved_defaults, model, weights };
  return Object.entries(resolved).flatMap(([key, value]): [string, string][] => {
    if (value === null || key === 'data') return [];
    const name = key.replaceAll('_', '-');
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return [[name, given.has(`--${name}`) ? text : `${text} (${reasons[key] ?? 'default'})`]];
  });
}
