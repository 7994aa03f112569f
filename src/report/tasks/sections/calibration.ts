/** Whether the network is as sure as it is right. */
import { count, percent, significant } from '../../../text.js';
import type { Drawing } from '../../charts/drawing.js';
import { limitText } from '../../../tasks/metrics/calibration.js';
import { reliabilityChart } from '../../charts/reliability.js';
import type { ClassifiedPart, ReliabilityBin } from '../../run/report-data.js';
import { type Html, html } from '../../html/html.js';
import { chart, type Section, table } from '../../html/elements.js';

/** Null where nothing was measured. */
export function calibrationSection(part: ClassifiedPart, drawing: Drawing): Section | null {
  const { calibration } = part.metrics;
  if (calibration === null) return null;
  const { error, temperature, scaled_error: scaled } = calibration;
  const title = 'How often answers are right, by how sure they are';
  const { reliability, scaledReliability } = part;
  const limit = limitText(part.metrics.images, part.metrics.accuracy);
  return {
    id: 'calibration',
    title: 'Calibration',
    body: html`<p>${
      temperature === null || scaled === null
        ? `The expected calibration error is ${percent(error)}. No temperature is known that would make it less.`
        : `The expected calibration error is ${percent(error)}, and ${percent(scaled)} with the temperature ${significant(temperature)} that attune predict divides logits by. ${
            part.part === 'val'
              ? `It was fitted on these ${part.words.many}, to the least loss, so that for others it is a little worse.${limit === null ? '' : ` ${limit}.`}`
              : `It was fitted on the validation ${part.words.many}.`
          }`
    }</p>${chart(
      reliabilityChart(drawing, title, reliability, scaledReliability),
      'On the diagonal a network is right as often as it says; below it, it is too sure. Lines are 95 % Wilson intervals; the larger a dot, the more answers it stands for.',
      reliabilityTable(scaledReliability ?? reliability, scaledReliability !== null),
    )}`,
  };
}

function reliabilityTable(bins: readonly ReliabilityBin[], isScaled: boolean): Html {
  const numbers = ['answers', 'mean probability', 'share that is right'];
  return table(
    `Answers by their probability${isScaled ? ', with the temperature' : ''}`,
    [{ title: 'probability' }, ...numbers.map((title) => ({ title, isNumber: true }))],
    bins
      .filter(({ images }) => images > 0)
      .map(({ low, high, images, confidence, accuracy }) => [
        `${(100 * low).toFixed(1)} to ${percent(high)}`,
        count(images),
        percent(confidence),
        percent(accuracy),
      ]),
  );
}
