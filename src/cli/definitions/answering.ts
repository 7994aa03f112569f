/** The commands that let a network answer: how often it is right, what it sees, and why. */
import type { Command } from 'commander';
import { commandLine } from '../../runs/command-line.js';
import {
  addFlags,
  COMPARE_FLAGS,
  type CompareFlags,
  deviceOptions,
  EVALUATE_FLAGS,
  type EvaluateFlags,
  EXPLAIN_FLAGS,
  type ExplainFlags,
  PREDICT_FLAGS,
  type PredictFlags,
  REPORT_FLAGS,
  type ReportFlags,
} from '../flags.js';
import { usageError } from '../errors.js';
import type { Kit } from './kit.js';

export function addEvaluate({ add, act, output, env }: Kit): void {
  const command = add({
    name: 'evaluate',
    words: '[paths...]',
    synopsis: ['<run> <data>', '--model <name> <data>'],
    summary: 'Measure how often a classifier is right.',
    description:
      'Measures how often a classifier is right. <run> is a run folder or a checkpoint in it, <data> a folder with one folder of images per class, one with train/, val/ or test/ folders of that kind, or a CSV file with labels; of a run with values, one with their columns. Of parts, those that no run is trained with are measured by. Without a run, pretrained weights are measured: say which by --model or --weights; folders named by WordNet id (n01440764) stand for ImageNet classes.',
    example: 'attune evaluate runs/2026-11-24_153012_resnet50 photos/test',
  });
  addFlags(command, EVALUATE_FLAGS);
  act<EvaluateFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const [run, [data, excess]] = runAndRest(command, flags, 'the folder of images', '<run> <data>');
    if (excess !== undefined) {
      const hint = 'give a run and a folder of images, or --model or --weights and the folder alone';
      throw usageError(`${JSON.stringify(excess)} is an argument too many`, 'attune evaluate', hint);
    }
    const options = { ...flags, ...deviceOptions(flags, env), ...run, data };
    const { evaluateCommand } = await import('../commands/evaluate.js');
    return evaluateCommand(options, json, output);
  });
}

export function addPredict({ add, act, output, env }: Kit): void {
  const command = add({
    name: 'predict',
    words: '[paths...]',
    synopsis: ['<run> <image>...', '--model <name> <image>...'],
    summary: 'Say what is in images.',
    description:
      'Says what is in images: classes, or values where the run is of values in a CSV file. <run> is a run folder or a checkpoint in it, <image> a file, a folder or a pattern such as "photos/*.jpg". Without a run, pretrained weights are used, usually with the ImageNet classes: say which by --model or --weights.',
    example: 'attune predict runs/2026-11-24_153012_resnet50 photos/new --top 3',
  });
  addFlags(command, PREDICT_FLAGS);
  act<PredictFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const [run, images] = runAndRest(command, flags, 'the image', '<run> <image>');
    const options = { ...flags, ...deviceOptions(flags, env), ...run, images };
    const { predictCommand } = await import('../commands/predict.js');
    return predictCommand(options, json, output);
  });
}

export function addExplain({ add, act, output, env }: Kit): void {
  const command = add({
    name: 'explain',
    words: '[paths...]',
    synopsis: ['<run> <image>...', '--model <name> <image>...'],
    summary: 'Show what in an image speaks for its class.',
    description:
      'Writes each image as a PNG at its own size, with a map of what in it speaks for the class that the network answers with, the class, and a legend. <run> and <image> are those of attune predict.',
    example: 'attune explain runs/2026-11-24_153012_resnet50 photos/new --neighbors 5',
  });
  addFlags(command, EXPLAIN_FLAGS);
  act<ExplainFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const [run, images] = runAndRest(command, flags, 'the image', '<run> <image>');
    const options = { ...flags, ...deviceOptions(flags, env), ...run, images };
    const { explainCommand } = await import('../commands/explain.js');
    return explainCommand(options, json, output);
  });
}

export function addReport({ add, act, output, env }: Kit): void {
  const command = add({
    name: 'report',
    words: '<run>',
    summary: 'Write a page that shows how good a run is.',
    description:
      'Writes report.html into a run folder, with results.png and confusion.png beside it: curves, confusion matrix, classes, the worst images, calibration, heat maps, data and recipe. attune finetune does so at its end; this does it again, also for an interrupted run or a cross-validation.',
    example: 'attune report runs/2026-11-24_153012_resnet50',
  });
  addFlags(command, REPORT_FLAGS);
  act<ReportFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const options = { ...flags, ...deviceOptions(flags, env), run: command.args[0] };
    return (await import('../commands/report.js')).reportCommand(options, json, output);
  });
}

export function addCompare({ add, act, output, env }: Kit): void {
  const command = add({
    name: 'compare',
    words: '<runs...>',
    summary: 'Show several runs side by side.',
    description:
      'Shows several runs side by side: how good each is, with intervals, what differs between their recipes, and whether they differ on the same images by more than chance. Writes the same as a page, with their curves.',
    example: 'attune compare runs/*',
  });
  addFlags(command, COMPARE_FLAGS);
  act<CompareFlags>(command, async ({ json: _json, debug: _debug, ...flags }, json) => {
    const options = { ...flags, ...deviceOptions(flags, env), runs: command.args };
    return (await import('../commands/compare.js')).compareCommand(options, json, output);
  });
}

/**
 * The run and what follows it among the arguments of a command; no run where --model or --weights say what to use.
 * `next` names what has to follow, `form` is what to write with a run.
 */
function runAndRest(
  command: Command,
  { model, weights }: { model?: string; weights?: string },
  next: string,
  form: string,
): [run: { run?: string }, rest: string[]] {
  const where = `attune ${command.name()}`;
  const line = commandLine([command.name()]);
  const hint = `write ${line} ${form}; ${line} --help explains it`;
  const hasRun = model === undefined && weights === undefined;
  const rest = hasRun ? command.args.slice(1) : command.args;
  if (hasRun && command.args.length === 0) {
    throw usageError('there is neither a run nor --model or --weights', where, hint);
  }
  if (rest.length === 0) throw usageError(`${next} is missing`, where, hint);
  return [hasRun ? { run: command.args[0] } : {}, rest];
}
