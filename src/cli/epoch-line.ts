/** One line for an epoch that has ended. */
import type { EpochRecord } from '../finetune/options.js';
import { duration, percent } from './text.js';

export function epochLine(record: EpochRecord): string {
  const { epoch, train_loss, train_accuracy, val_loss, val_accuracy, images_per_second, seconds } = record;
  const parts = [
    `epoch ${epoch}: train loss ${number(train_loss)}, accuracy ${percent(train_accuracy)}`,
    ...(val_accuracy === null
      ? []
      : [`validation loss ${number(val_loss)}, accuracy ${percent(val_accuracy)}`]),
    ...(images_per_second === null ? [] : [`${images_per_second.toFixed(1)} images/s`]),
    duration(seconds),
  ];
  return parts.join('; ');
}

function number(value: number | null): string {
  return value === null ? 'none' : value.toFixed(4);
}
