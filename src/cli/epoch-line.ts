/** One line for an epoch that has ended. */
import type { EpochRecord } from '../finetune/results.js';
import { duration, percent, significant } from '../text.js';

export function epochLine(record: EpochRecord): string {
  const { epoch, train_loss, train_accuracy, val_loss, images_per_second, seconds } = record;
  const parts = [
    `epoch ${epoch}: train loss ${number(train_loss)}${accuracyPart(train_accuracy)}`,
    ...(val_loss === null ? [] : [`validation loss ${number(val_loss)}${validationPart(record)}`]),
    ...(images_per_second === null ? [] : [`${images_per_second.toFixed(1)} images/s`]),
    duration(seconds),
  ];
  return parts.join('; ');
}

function validationPart({ val_accuracy, val_mae, val_r2 }: EpochRecord): string {
  const mae = typeof val_mae === 'number' ? `, MAE ${significant(val_mae)}` : '';
  const r2 = typeof val_r2 === 'number' ? `, R² ${val_r2.toFixed(4)}` : '';
  return accuracyPart(val_accuracy) + mae + r2;
}

/** A regression has none. */
function accuracyPart(accuracy: number | null | undefined): string {
  return accuracy === undefined ? '' : `, accuracy ${percent(accuracy)}`;
}

function number(value: number | null): string {
  return value === null ? 'none' : value.toFixed(4);
}
