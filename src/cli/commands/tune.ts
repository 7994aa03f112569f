/** `attune tune`: measures the variants of the kernels on this machine's GPU, and shows what it found. */
import { type TunedClass, type TuneOptions, type TuneResult, tune } from '../../finetune/index.js';
import { findModel } from '../../models/index.js';
import { counted, oneLine, wrap } from '../../text.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { facts, table } from '../table.js';

export async function tuneCommand(options: TuneOptions, json: boolean, output: Output): Promise<number> {
  if (options.model !== undefined) findModel(options.model); // before the device is opened
  const result = await withSession(
    output,
    (context) => tune(options, context),
    'Stopping. What was measured is kept.',
  );
  if (json) output.json(result);
  else print(result, output);
  return 0;
}

function print(result: TuneResult, output: Output): void {
  const { device, driver, model, batch_size, image_size, precision, cache, classes } = result;
  const measured = classes.filter(({ best }) => best !== null);
  output.note('');
  output.print(
    facts([
      ['adapter', `${oneLine(device.adapter)}${device.software ? ' (software)' : ''}`],
      ['driver', oneLine(driver)],
      ['network', `${model}, ${counted(batch_size, 'image')} of ${image_size} x ${image_size}`],
      ['precision', precision],
      ['kept in', cache],
    ]),
    '',
    table(
      [
        { title: 'kernel' },
        { title: 'shape' },
        { title: 'launches', align: 'right' },
        { title: 'by itself' },
        { title: 'ms', align: 'right' },
        { title: 'measured best' },
        { title: 'ms', align: 'right' },
        { title: 'gain', align: 'right' },
      ],
      classes.map(row),
    ),
  );
  for (const { kernel, shape, times } of classes)
    for (const { variant, fault } of times)
      if (fault !== undefined)
        output.print(wrap(`Not taken: ${kernel} ${shape} ${variant}: ${fault}.`, output.columns));
  if (measured.length > 0) output.print('', summary(measured));
  if (!result.complete) {
    const left = counted(classes.length - measured.length, 'class', 'classes');
    output.print(
      `There was no time for ${left}: a larger --seconds, or the same command again, measures more.`,
    );
  }
}

function row({ kernel, shape, launches, standard, best, gain, times }: TunedClass): string[] {
  const timeOf = (name: string | null) => {
    const time = times.find(({ variant }) => variant === name)?.milliseconds;
    return typeof time === 'number' ? millisecondsText(time) : '-';
  };
  const gained = gain === null || best === standard ? '-' : `${gain.toFixed(2)} x`;
  return [
    ...[kernel, shape, String(launches), standard ?? 'no time', timeOf(standard)],
    ...[best === standard ? '=' : (best ?? ''), timeOf(best), gained],
  ];
}

function millisecondsText(time: number): string {
  return time >= 100 ? time.toFixed(0) : time.toPrecision(3);
}

/** The sum over a training step, of what was measured. */
function summary(measured: readonly TunedClass[]): string {
  const sum = (name: (tuned: TunedClass) => string | null) =>
    measured.reduce((total, tuned) => {
      const time = tuned.times.find(({ variant }) => variant === name(tuned))?.milliseconds ?? 0;
      return total + tuned.launches * time;
    }, 0);
  const [before, after] = [sum(({ standard }) => standard), sum(({ best }) => best)];
  return `These kernels take ${millisecondsText(after)} ms of a training step, ${millisecondsText(before)} ms as they were.`;
}
