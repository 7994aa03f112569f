/** What a report shows of a classification. */
import { likeliest } from '../../tasks/metrics/scores.js';
import { countedSamples } from '../../inputs/index.js';
import { counted, percent } from '../../text.js';
import { reducedConfusion } from '../charts/confusion.js';
import { intervalChart } from '../charts/intervals.js';
import { html } from '../html/html.js';
import { digits, interval, share, whole } from '../html/elements.js';
import { calibrationSection } from './sections/calibration.js';
import { classesSection, confusionSection, testSection } from './sections/classes.js';
import { heatMapSection, worstSection } from './sections/images.js';
import { partName, samplesOf } from '../html/words.js';
import { classifiedPart } from '../run/classified-part.js';
import type { ClassifiedPart } from '../run/report-data.js';
import type { TaskReport, Tile } from './task-report.js';

/** Most classes of which the picture of the results has a line. */
const MOST_CLASSES = 30;

export const CLASSIFICATION_REPORT: TaskReport<'classification', ClassifiedPart> = {
  evaluate: classifiedPart,

  learnt: ({ classes }) => html`${counted(classes.length, 'class', 'classes')}`,
  sentence({ part, words, metrics: { accuracy, interval: range, images } }) {
    return html`<strong>${percent(accuracy)}</strong> of ${samplesOf(part, images, words)} are right (95 % interval ${whole(interval(range))}).`;
  },
  tiles({ part, words, metrics, scaledReliability }) {
    const { accuracy, balanced_accuracy: recall, macro, loss, calibration, images } = metrics;
    const { interval: range, top5_accuracy: top5 } = metrics;
    const tiles: Tile[] = [
      [
        `Accuracy, ${partName(part)}`,
        percent(accuracy),
        `${interval(range)}, of ${countedSamples(images, words)}`,
      ],
      ['Macro F1', digits(macro?.f1, 3), `mean recall of the classes ${percent(recall)}`],
      ['Loss', digits(loss, 3), 'cross-entropy in nats'],
    ];
    if (top5 !== null) tiles.push(['Top-5 accuracy', percent(top5), null]);
    if (calibration !== null) {
      const { error, scaled_error: scaled } = calibration;
      tiles.push([
        'Calibration error',
        percent(scaled ?? error),
        scaledReliability === null ? 'without a temperature' : `${percent(error)} without the temperature`,
      ]);
    }
    return tiles;
  },
  sections: (part, drawing) => [
    confusionSection(part, drawing),
    classesSection(part, drawing),
    worstSection(part),
    heatMapSection(part),
    calibrationSection(part, drawing),
  ],
  testSections: (part) => [testSection(part)],
  dataTable: () => null,
  pictures({ classes, metrics }, paper) {
    const rows = classes.flatMap(({ class: name, recall }) =>
      recall === null ? [] : [{ name, share: recall }],
    );
    if (rows.length === 0 || rows.length > MOST_CLASSES) return [];
    return [intervalChart(paper, 'Recall of each class', rows, metrics.accuracy)];
  },
  confusion: ({ metrics }) => reducedConfusion(metrics.classes, metrics.confusion),

  lossCaption: 'Mean cross-entropy in nats.',
  curve: {
    key: 'accuracy',
    title: 'Accuracy',
    caption: 'Share of the answers that are right.',
    isShare: true,
  },
  epochColumns: () => [
    { title: 'training accuracy', text: ({ train_accuracy: value }) => shareText(value) },
    { title: 'validation accuracy', text: ({ val_accuracy: value }) => shareText(value) },
  ],
  isOfClasses: true,

  unknown: { accuracy: null, interval: null, macro_f1: null, calibration_error: null },
  figures: ({ accuracy, interval: range, macro, calibration }) => ({
    accuracy,
    interval: range,
    macro_f1: macro?.f1 ?? null,
    calibration_error: calibration?.scaled_error ?? calibration?.error ?? null,
  }),
  noted: ({ val_accuracy: accuracy = null }) => ({ accuracy }),
  right({ images, values }, names) {
    const scored = { scores: values, classes: names.length };
    const found = images.map(
      ({ fileHash, label }, i) => [`${fileHash} ${names[label]}`, likeliest(scored, i) === label] as const,
    );
    return new Map(found);
  },
  runColumns: {
    before: [
      { title: 'accuracy', text: ({ accuracy }) => wholeShare(accuracy) },
      { title: 'interval', text: ({ interval: range }) => interval(range) },
      { title: 'macro F1', text: ({ macro_f1 }) => digits(macro_f1, 3) },
    ],
    behind: [{ title: 'calibration', text: ({ calibration_error }) => wholeShare(calibration_error) }],
  },
  headline: ({ accuracy, interval: range }) =>
    accuracy === null
      ? null
      : {
          figure: accuracy,
          said: html`the largest share of right answers, <strong>${wholeShare(accuracy)}</strong>${range === null ? null : ` (${interval(range)})`}`,
        },
};

function shareText(value: number | null | undefined): string {
  return typeof value === 'number' ? percent(value) : '–';
}

function wholeShare(value: number | null): string {
  return value === null ? '–' : share({ value, interval: [0, 1] });
}
