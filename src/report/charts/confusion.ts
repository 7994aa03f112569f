/** The confusion matrix: right answers on the diagonal in one colour, wrong ones beside it in another. */
import { type Drawing, labelsOf, widthOf } from './drawing.js';

/** Classes up to which the matrix has them all; of more, those that are confused most. */
export const MOST_CONFUSION_CLASSES = 30;
/** Classes up to which counts are written into the cells. */
const MOST_WITH_COUNTS = 20;
const LARGEST_CELL = 84;
const SMALLEST_CELL = 22;
/** Room for cells on the page, in pixels. */
const ROOM = 520;

export interface ConfusionData {
  /** The classes of rows and columns, in their order. */
  readonly classes: readonly string[];
  /** Images of the row's class that were taken for the column's. */
  readonly counts: readonly (readonly number[])[];
  /** Images of each row's class, those for which no column is drawn included. */
  readonly supports: readonly number[];
}

/** The classes of a matrix that are drawn: all, or those with the most wrong answers that they gave or took. */
export function reducedConfusion(
  classes: readonly string[],
  confusion: readonly (readonly number[])[],
  most = MOST_CONFUSION_CLASSES,
): ConfusionData {
  const wrong = classes.map((_, c) =>
    confusion.reduce((sum, row, r) => sum + (r === c ? 0 : row[c] + confusion[c][r]), 0),
  );
  const indices = classes.map((_, c) => c);
  const kept =
    classes.length <= most
      ? indices
      : indices
          .toSorted((a, b) => wrong[b] - wrong[a] || a - b)
          .slice(0, most)
          .sort((a, b) => a - b);
  return {
    classes: kept.map((c) => classes[c]),
    counts: kept.map((r) => kept.map((c) => confusion[r][c])),
    supports: kept.map((r) => confusion[r].reduce((sum, count) => sum + count, 0)),
  };
}

/** Rows are the right classes, columns the predicted ones; a cell is as full as its share of the row. */
export function confusionChart(drawing: Drawing, { classes, counts, supports }: ConfusionData): string {
  const { marks, palette } = drawing;
  const labels = labelsOf(classes);
  const size = Math.max(SMALLEST_CELL, Math.min(LARGEST_CELL, Math.floor(ROOM / classes.length)));
  const left = Math.ceil(widthOf(labels)) + 34;
  const isTilted = widthOf(labels) > size - 8;
  // A label that is tilted by 45 degrees takes as much of the height as of the width.
  const top = (isTilted ? Math.ceil(widthOf(labels) * Math.SQRT1_2) : 16) + 40;
  const right = isTilted ? Math.ceil(widthOf(labels) * Math.SQRT1_2) + 8 : 12;
  const cells = counts.flatMap((row, r) =>
    row.map((count, c) => ({
      row: labels[r],
      column: labels[c],
      count,
      share: supports[r] === 0 ? 0 : count / supports[r],
      isRight: r === c,
    })),
  );
  const filled = cells.filter(({ count }) => count > 0);
  const isFull = (cell: (typeof cells)[number]) => cell.share > 0.5;
  return drawing.render('Confusion matrix: the right class of images by the class that was predicted', {
    width: left + right + size * classes.length,
    height: top + 12 + size * classes.length,
    marginLeft: left,
    marginTop: top,
    marginRight: right,
    marginBottom: 12,
    padding: 0.06,
    x: { domain: labels, axis: null },
    y: { domain: labels, axis: null },
    marks: [
      marks.cell(cells, { x: 'column', y: 'row', fill: palette.grid, fillOpacity: 0.45, rx: 3 }),
      marks.cell(filled, {
        x: 'column',
        y: 'row',
        fill: (cell) => (cell.isRight ? palette.right : palette.wrong),
        fillOpacity: (cell) => 0.14 + 0.86 * cell.share,
        rx: 3,
      }),
      ...(classes.length > MOST_WITH_COUNTS
        ? []
        : [true, false].map((full) =>
            marks.text(
              filled.filter((cell) => isFull(cell) === full),
              {
                x: 'column',
                y: 'row',
                text: (cell) => String(cell.count),
                fill: full ? palette.onFull : palette.ink,
              },
            ),
          )),
      marks.axisY({ color: palette.ink, tickSize: 0, tickPadding: 8, label: null }),
      marks.axisX({
        anchor: 'top',
        color: palette.ink,
        tickSize: 0,
        tickPadding: 8,
        label: null,
        ...(isTilted && { tickRotate: -45 }),
      }),
      marks.text(['predicted →'], {
        frameAnchor: 'top-left',
        dy: -top + 14,
        fill: palette.muted,
        textAnchor: 'start',
        fontWeight: 600,
      }),
      marks.text(['right class →'], {
        frameAnchor: 'bottom-left',
        dx: -left + 14,
        rotate: -90,
        fill: palette.muted,
        textAnchor: 'start',
        fontWeight: 600,
      }),
    ],
  });
}
