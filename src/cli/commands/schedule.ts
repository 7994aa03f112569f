/** `attune schedule`: draws the learning rates of a run that is not run. */
import { maxOf, minOf } from '../../extremes.js';
import { previewSchedule, type SchedulePreview, type SchedulePreviewOptions } from '../../finetune/index.js';
import { chart, rateText } from '../chart.js';
import type { Output } from '../output.js';
import { facts } from '../table.js';
import { count, counted } from '../../text.js';

const ROWS = 8;
const MOST_COLUMNS = 80;

export async function scheduleCommand(
  options: SchedulePreviewOptions,
  json: boolean,
  output: Output,
): Promise<number> {
  const preview = await previewSchedule(options, {
    onEvent: (event) => event.type === 'note' && output.note(event.text),
  });
  if (json) output.json(preview);
  else printPreview(preview, output);
  return 0;
}

function printPreview(
  { schedule, epochs, steps, steps_per_epoch, warmup_steps, measured_at_most, points }: SchedulePreview,
  output: Output,
): void {
  const rates = points.map(({ lr }) => lr.trunk);
  const highest = maxOf(rates);
  const [first, last] = [points[0], points[points.length - 1]];
  const line = (layers: 'trunk' | 'head') => {
    const of = points.map(({ lr }) => lr[layers]);
    if (measured_at_most !== null)
      return `measured before the first step, at most ${rateText(measured_at_most[layers])}; usual is ${rateText(maxOf(of))}`;
    return `${rateText(of[0])} first, ${rateText(maxOf(of))} at most, ${rateText(of[of.length - 1])} last`;
  };
  const perEpoch = Number.isInteger(steps_per_epoch) ? ` of ${counted(steps_per_epoch, 'step')}` : '';
  const lines: [string, string][] = [
    ['schedule', schedule],
    ['length', `${counted(epochs, 'epoch')}${perEpoch}, ${counted(steps, 'step')} in all`],
    ['warm-up', warmup_steps === 0 ? 'none' : counted(warmup_steps, 'step')],
    ['trunk', line('trunk')],
    ['head', line('head')],
  ];
  if (first.momentum !== null) {
    const momenta = points.map(({ momentum }) => momentum ?? 0);
    lines.push([
      'momentum',
      `${rateText(first.momentum)} at the ends, ${rateText(minOf(momenta))} at the peak`,
    ]);
  }
  const columns = Math.min(output.columns, MOST_COLUMNS) - 1;
  const ends = ['step 1', count(last.step + 1)] as const;
  output.print(
    facts(lines),
    '',
    output.paint.bold(
      measured_at_most === null ? 'Rate of the trunk' : 'Rate of the trunk, were it the usual one',
    ),
  );
  output.print(chart(rates, { columns, rows: ROWS, range: [0, highest], label: rateText, ends }));
  if (schedule === 'plateau')
    output.note('Drawn as if the validation loss never fell; every fall keeps the rate for longer.');
}
