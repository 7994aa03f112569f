/** `attune evaluate`: how often a classifier is right, and what it confuses; or how close values are. */
import { type EvaluateOptions, evaluate, type TaskKind } from '../../finetune/index.js';
import { findModel } from '../../models/index.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { textOf } from '../tasks/index.js';
import { skippedLines } from '../tasks/result-text.js';

export async function evaluateCommand(
  options: EvaluateOptions,
  json: boolean,
  output: Output,
): Promise<number> {
  if (options.model !== undefined) findModel(options.model); // before anything is read
  const result = await withSession(output, (context) => evaluate<TaskKind>(options, context));
  for (const line of skippedLines(result.skipped)) output.note(line);
  if (json) output.json(result);
  else textOf(result.task).evaluated(result, output);
  return 0;
}
