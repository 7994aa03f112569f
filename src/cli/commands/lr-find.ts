/** `attune lr-find`: suggests a learning rate and draws the losses that it follows from. */
import { type FindRateOptions, type FindRateResult, findRate } from '../../finetune/index.js';
import { commandLine } from '../../runs/command-line.js';
import { findModel } from '../../models/index.js';
import { chart, rateText } from '../chart.js';
import { FINETUNE_FLAGS } from '../finetune-flags.js';
import { flagWords } from '../flags.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { facts } from '../table.js';

const ROWS = 8;
const MOST_COLUMNS = 80;

export async function lrFindCommand(
  options: FindRateOptions,
  json: boolean,
  output: Output,
): Promise<number> {
  if (options.model !== undefined) findModel(options.model); // before anything is read
  const result = await withSession(output, (context) => findRate(options, context));
  if (json) output.json(result);
  else printResult(result, options, output);
  return 0;
}

function printResult(
  { points, strategy, suggestion, diverged }: FindRateResult,
  options: FindRateOptions,
  output: Output,
): void {
  const { bold } = output.paint;
  const first = points[0];
  const last = points[points.length - 1];
  const swept = `${points.length} steps, ${rateText(first.lr)} to ${rateText(last.lr)}${diverged ? ', where the loss grew without end' : ''}`;
  output.note('');
  output.print(
    facts([
      ['trunk', suggestion === null ? 'none: the loss never fell' : `--lr ${rateText(suggestion.lr)}`],
      ...(suggestion === null ? [] : [['head', `--head-lr ${rateText(suggestion.head_lr)}`] as const]),
      ['swept', swept],
    ]),
  );
  const columns = Math.min(output.columns, MOST_COLUMNS) - 1;
  const losses = points.map(({ smoothed }) => smoothed).filter(Number.isFinite);
  const label = (loss: number) => loss.toPrecision(3);
  const ends = [`rate ${rateText(first.lr)}`, rateText(last.lr)] as const;
  output.print('', bold('Loss, smoothed'), chart(losses, { columns, rows: ROWS, label, ends }));
  if (suggestion === null) return;
  output.print('', bold('Next'), nextCommand(options, strategy, suggestion));
  output.note('Such a rate is often too high for a whole run: where the loss jumps, try a third of it.');
}

/** The run that the rate was found for: the same flags, and the strategy that the sweep had where none was given. */
export function nextCommand(
  { data, ...given }: FindRateOptions,
  swept: FindRateResult['strategy'],
  { lr, head_lr }: NonNullable<FindRateResult['suggestion']>,
): string {
  const { recipe } = given;
  const flags = {
    // The recipe says it, or the default of finetune may be another one.
    ...(recipe === undefined && { strategy: swept }),
    ...given,
    lr: Number(rateText(lr)),
    // A recipe file may have a rate for the head that is in another proportion to this one.
    ...(recipe !== undefined && { headLr: Number(rateText(head_lr)) }),
  };
  return commandLine(['finetune', data, ...flagWords(flags, FINETUNE_FLAGS)]);
}
