/** What a report shows of a task, beside what it shows of every run. */
import type { EpochRecord, TaskKind } from '../../recipe/results.js';
import type { TaskTable } from '../../tasks/index.js';
import type { ConfusionData } from '../charts/confusion.js';
import type { Drawing } from '../charts/drawing.js';
import type { Content, Html } from '../html/html.js';
import type { Section } from '../html/elements.js';
import type { Answering, Outputs } from '../run/answered-part.js';
import type { ComparedFigures, EvaluatedPart } from '../run/report-data.js';

/** A figure of the summary. */
export type Tile = readonly [title: string, figure: string, beside: Content];

/** A column of a table of epochs. */
export interface EpochColumn {
  readonly title: string;
  text(epoch: EpochRecord): string;
}

/** A column of a table of runs. */
export interface RunColumn<R extends ComparedFigures = ComparedFigures> {
  readonly title: string;
  text(run: R): string;
}

/** The curve beside that of the loss. */
export interface MeasureCurve {
  /** That of a measure of an epoch. */
  readonly key: string;
  readonly title: string;
  readonly caption: string;
  readonly isShare: boolean;
}

/** Figures by their keys in the document of a comparison. */
export type Figures = Readonly<Record<string, number | null | readonly [number, number]>>;

/** A row of the table of reports: everything is of the part of the data set that was evaluated. */
export interface TaskReport<K extends TaskKind = TaskKind, P extends EvaluatedPart = EvaluatedPart> {
  /** Lets a network's outputs answer for the images of a part. */
  evaluate(outputs: Outputs, answering: Answering): Promise<P>;

  /** What was learnt: `3 classes`. */
  learnt(info: TaskTable[K]['info']): Html;
  /** How good it is, in one sentence. */
  sentence(part: P): Html;
  tiles(part: P): Tile[];
  /** The sections of the validation images, and those of the test images beside them. */
  sections(part: P, drawing: Drawing): (Section | null)[];
  testSections(part: P, drawing: Drawing): (Section | null)[];
  /** What the data section has beside counts. */
  dataTable(info: TaskTable[K]['info']): Html | null;
  /** The pictures of results.png behind the curves. */
  pictures(part: P, paper: Drawing): string[];
  /** What confusion.png shows; null where nothing can be confused. */
  confusion(part: P): ConfusionData | null;

  readonly lossCaption: string;
  readonly curve: MeasureCurve;
  epochColumns(info: TaskTable[K]['info']): EpochColumn[];
  /** Whether heat maps and advice, which are about classes, are made. */
  readonly isOfClasses: boolean;

  /** Its figures in a comparison of runs, all of them unknown. */
  readonly unknown: Figures;
  /** The same from the metrics of a part, and from what the run noted of its best epoch. */
  figures(metrics: TaskTable[K]['metrics']): Figures;
  noted(epoch: EpochRecord, names: readonly string[]): Figures;
  /** Whether each image is answered rightly, by the hash of its file and its class; null where nothing is right or wrong. */
  right(outputs: Outputs, names: readonly string[]): ReadonlyMap<string, boolean> | null;
  /** Its columns in a table of runs, before the loss and behind it. */
  readonly runColumns: { readonly before: readonly RunColumn[]; readonly behind: readonly RunColumn[] };
  /** What says which run is best: null where it is not known. */
  headline(run: ComparedFigures): { readonly figure: number; readonly said: Html } | null;
}
