/** Which classes are told apart, and which are not. */
import { countedSamples, type SampleWords } from '../../../inputs/index.js';
import { capitalized, count, percent } from '../../../text.js';
import { confusionChart, type ConfusionData, reducedConfusion } from '../../charts/confusion.js';
import { intervalChart } from '../../charts/intervals.js';
import type { Drawing } from '../../charts/drawing.js';
import type { ClassifiedPart } from '../../run/report-data.js';
import { type Html, html } from '../../html/html.js';
import { chart, digits, interval, name, type Section, share, table } from '../../html/elements.js';
import { partName, samplesOf } from '../../html/words.js';

/** Classes that have their dot in the chart, and their line in the table. */
const MOST_DOTS = 40;
const MOST_LINES = 1000;

export function confusionSection({ metrics, part, words }: ClassifiedPart, drawing: Drawing): Section {
  const { classes, confusion } = metrics;
  const reduced = reducedConfusion(classes, confusion);
  const isReduced = reduced.classes.length < classes.length;
  const caption = isReduced
    ? `The ${reduced.classes.length} of ${count(classes.length)} classes with the most wrong answers, given or taken; what went to other classes is not drawn.`
    : 'Right answers lie on the diagonal. A cell is as full as its share of its row.';
  const numbers = isReduced ? confusedTable(metrics, words) : confusionTable(reduced, words);
  return {
    id: 'confusion',
    title: 'Confusion',
    body: html`<p>${sentenceOf(metrics, samplesOf(part, metrics.images, words))}</p>${chart(confusionChart(drawing, reduced), caption, numbers)}`,
  };
}

function sentenceOf({ images, accuracy }: ClassifiedPart['metrics'], all: string): string {
  const wrong = Math.round(images * (1 - (accuracy ?? 0)));
  return wrong === 0
    ? `All ${all} are right.`
    : `${count(wrong)} of ${all} ${wrong === 1 ? 'is' : 'are'} wrong.`;
}

function confusionTable({ classes, counts }: ConfusionData, words: SampleWords): Html {
  return table(
    `${capitalized(words.many)} by their right class (rows) and the predicted one (columns)`,
    [{ title: 'right class' }, ...classes.map((title) => ({ title: shortened(title), isNumber: true }))],
    classes.map((label, row) => [name(label), ...counts[row].map(String)]),
  );
}

/** Names of columns are short: each is read out for each cell. */
function shortened(title: string): string {
  return [...title].slice(0, 24).join('');
}

/** Pairs in the table of many classes. */
const MOST_PAIRS = 50;

function confusedTable({ classes, confusion }: ClassifiedPart['metrics'], words: SampleWords): Html {
  const pairs = confusion.flatMap((row, label) =>
    row.flatMap((images, predicted) =>
      images > 0 && label !== predicted ? [{ label, predicted, images }] : [],
    ),
  );
  const most = pairs.sort((a, b) => b.images - a.images).slice(0, MOST_PAIRS);
  return table(
    'The pairs of classes that are confused most',
    [{ title: 'right class' }, { title: 'predicted class' }, { title: words.many, isNumber: true }],
    most.map(({ label, predicted, images }) => [
      name(classes[label]),
      name(classes[predicted]),
      count(images),
    ]),
  );
}

export function classesSection(part: ClassifiedPart, drawing: Drawing): Section {
  const present = part.classes.filter(({ support }) => support > 0);
  const worst = present.toSorted((a, b) => (a.recall?.value ?? 0) - (b.recall?.value ?? 0));
  const dots = present.length > MOST_DOTS ? worst.slice(0, MOST_DOTS) : present;
  const rows = dots.flatMap(({ class: label, recall }) =>
    recall === null ? [] : [{ name: label, share: recall }],
  );
  const few =
    present.length > MOST_DOTS
      ? ` The ${MOST_DOTS} of ${count(present.length)} classes with the least recall.`
      : '';
  return {
    id: 'classes',
    title: 'Classes',
    body: html`<p>The fewer ${part.words.many} a class has, the wider is the interval that its true share lies in: where intervals overlap, they do not tell which class is the harder.</p>
${chart(
  intervalChart(drawing, 'Recall of each class', rows, part.metrics.accuracy),
  `Share of the ${part.words.many} of a class that were found, with its 95 % Wilson interval.${few} The dashed line is the accuracy over all.`,
  null,
)}
${classTable(part)}`,
  };
}

/** A line for each class, of very many those of the least recall. */
function classTable({ classes, part, words }: ClassifiedPart): Html {
  const byRecall = classes.toSorted((a, b) => (a.recall?.value ?? 2) - (b.recall?.value ?? 2));
  const shown = classes.length > MOST_LINES ? byRecall.slice(0, MOST_LINES) : classes;
  const some =
    shown.length < classes.length
      ? `; the ${count(MOST_LINES)} of ${count(classes.length)} with the least recall`
      : '';
  const numbers = [words.many, 'recall', 'interval', 'precision', 'interval', 'F1'];
  return table(
    `Each class over the ${partName(part)} ${words.many}, with 95 % Wilson intervals${some}`,
    [{ title: 'class' }, ...numbers.map((title) => ({ title, isNumber: true }))],
    shown.map(({ class: label, support, recall, precision, f1 }) => [
      name(label),
      count(support),
      share(recall),
      interval(recall?.interval),
      share(precision),
      interval(precision?.interval),
      digits(f1, 3),
    ]),
  );
}

/** The test images beside the validation images: figures and classes, no pictures, so that they stay unseen. */
export function testSection(part: ClassifiedPart): Section {
  const { images, accuracy, interval: range, macro, loss } = part.metrics;
  return {
    id: 'test',
    title: 'Test',
    body: html`<p>${percent(accuracy)} of ${countedSamples(images, part.words, 'test')} are right (${interval(range)}); macro F1 ${digits(macro?.f1, 3)}, loss ${digits(loss, 3)}. They had no part in the choice of the best epoch, and none of them is shown: who looks at them, and changes the training by what is seen, has no test any more.</p>
${classTable(part)}`,
  };
}
