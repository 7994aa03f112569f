/** One line for an epoch that has ended. */
import type { EpochRecord } from '../recipe/results.js';
import { LOSS, MEASURES, measureText } from '../tasks/index.js';
import { duration } from '../text.js';

export function epochLine(record: EpochRecord): string {
  const { epoch, train_loss, val_loss, images_per_second, seconds } = record;
  const texts = [
    `epoch ${epoch}: train loss ${number(train_loss)}${measured(record, 'train')}`,
    ...(val_loss === null ? [] : [`validation loss ${number(val_loss)}${measured(record, 'val')}`]),
    ...(images_per_second === null ? [] : [`${images_per_second.toFixed(1)} samples/s`]),
    duration(seconds),
  ];
  return texts.join('; ');
}

/** What the task measures beside the loss. */
function measured(record: EpochRecord, part: 'train' | 'val'): string {
  const texts = Array.from(MEASURES.values(), ({ key, name, format }) => {
    const value = record[`${part}_${key}`];
    // A share that is not known is told, a fit that no samples tell is not.
    const isSaid = value !== undefined && (value !== null || format === 'percent');
    return !isSaid || key === LOSS.key ? '' : `, ${name} ${measureText(format, value)}`;
  });
  return texts.join('');
}

function number(value: number | null): string {
  return value === null ? 'none' : value.toFixed(4);
}
