/** All that a report tells, as plain data: what is drawn and written of it is a pure function of this. */
import type { HeatMapMethod } from '../explain/methods.js';
import type { SampleWords } from '../../inputs/index.js';
import type { Advice } from '../../finetune/advise/advice.js';
import type { Metrics } from '../../tasks/metrics/metrics.js';
import type { RegressionReport } from '../../tasks/metrics/regression-metrics.js';
import type { EpochRecord, SkippedImage, TaskKind, TestMetrics } from '../../recipe/results.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import type { PartName } from '../../runs/data/found-images.js';
import type { TaskInfo, Values } from '../../tasks/index.js';

/** A picture of the page. */
export interface Picture {
  /** A data URI: a page is one file. */
  readonly uri: string;
  readonly width: number;
  readonly height: number;
}

/** A fraction of images, with its 95 % Wilson interval. */
export interface Share {
  readonly value: number;
  readonly interval: readonly [low: number, high: number];
}

/** A class; what no images tell is null. */
export interface ClassRow {
  readonly class: string;
  readonly support: number;
  readonly recall: Share | null;
  readonly precision: Share | null;
  readonly f1: number | null;
}

/** An image and its answer. Probabilities are calibrated where the checkpoint has a temperature. */
export interface AnsweredImage {
  /** Relative to the folder of the data set. */
  readonly name: string;
  readonly label: string;
  readonly predicted: string;
  /** The probability of the predicted class, and of the right one. */
  readonly probability: number;
  readonly ofLabel: number;
  readonly picture: Picture | null;
}

/** Images of one class that were taken for another. */
export interface ConfusedPair {
  readonly label: string;
  readonly predicted: string;
  readonly count: number;
  /** Images of the first class. */
  readonly support: number;
  /** Some of them, the surest first. */
  readonly examples: readonly AnsweredImage[];
}

/** Images whose probability lies in (low, high]. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly images: number;
  /** Confidence and accuracy of these images; null for none. */
  readonly confidence: number | null;
  readonly accuracy: number | null;
}

/** An image with what in it spoke for a class. */
export interface ExplainedImage extends AnsweredImage {
  /** Over the image: for the predicted class; of a miss also for the right one. */
  readonly maps: readonly { readonly class: string; readonly picture: Picture }[];
}

export interface ClassifiedPart {
  readonly kind: 'classification';
  readonly part: PartName;
  readonly words: SampleWords;
  readonly metrics: Metrics;
  readonly classes: readonly ClassRow[];
  /** Those of the largest loss first. */
  readonly worst: readonly AnsweredImage[];
  readonly pairs: readonly ConfusedPair[];
  readonly reliability: readonly ReliabilityBin[];
  /** With logits divided by the temperature; null without one. */
  readonly scaledReliability: readonly ReliabilityBin[] | null;
  /** By which images are explained. */
  readonly explainedBy: HeatMapMethod;
  readonly hits: readonly ExplainedImage[];
  readonly misses: readonly ExplainedImage[];
}

/** An image and the value of one column. */
export interface ValuedImage {
  readonly name: string;
  readonly value: number;
  readonly predicted: number;
  readonly picture: Picture | null;
}

export interface ValuedColumn {
  readonly column: string;
  /** In the order of the images; of many, some that are spread over all. */
  readonly points: readonly Pick<ValuedImage, 'value' | 'predicted'>[];
  /** Those of the largest errors. */
  readonly worst: readonly ValuedImage[];
}

export interface ValuedPart {
  readonly kind: 'regression';
  readonly part: PartName;
  readonly words: SampleWords;
  readonly metrics: RegressionReport;
  readonly columns: readonly ValuedColumn[];
}

/** What the best checkpoint answers for the images of a part; more of it in the report of its task. */
export interface EvaluatedPart {
  readonly kind: TaskKind;
  readonly part: PartName;
  /** What its samples are called. */
  readonly words: SampleWords;
  readonly metrics: TestMetrics[TaskKind];
}

/** What a comparison of runs tells of classes; shares are fractions. */
interface ComparedClasses {
  readonly accuracy: number | null;
  readonly interval: readonly [number, number] | null;
  readonly macro_f1: number | null;
  /** Expected calibration error, with the temperature of the checkpoint where it has one. */
  readonly calibration_error: number | null;
}

/** What it tells of values. */
interface ComparedValues {
  readonly r2: number | null;
  /** In the unit of the values; null where several columns have several. */
  readonly mae: number | null;
}

/** Figures of the images that a run validates with, else of those it is tested with; null those of other tasks. Further tasks add theirs. */
export interface ComparedFigures extends ComparedClasses, ComparedValues {
  /** Null: they are those of the best epoch, as the run noted them. */
  readonly part: PartName | null;
  readonly images: number | null;
  /** Mean cross-entropy in nats, or mean squared error of standardised values. */
  readonly loss: number | null;
}

export interface DataCard {
  /** As the recipe has it. */
  readonly data: string;
  readonly words: SampleWords;
  readonly images: Readonly<Record<PartName, number>>;
  /** By class; empty for a regression. */
  readonly classes: readonly ({ readonly class: string } & Readonly<Record<PartName, number>>)[];
  readonly skipped: readonly SkippedImage[];
  /** How the validation images came about, in words. */
  readonly split: string;
}

/** One fold of a cross-validation. */
export interface FoldRow {
  readonly fold: number;
  readonly trained: number;
  readonly validated: number;
  /** The share of right answers; null where none is right or wrong. */
  readonly share: Share | null;
  /** The measures of a fold by their keys. */
  readonly figures: Values;
  readonly epochs: readonly EpochRecord[];
}

/** A run, with what its folder and its best checkpoint tell. */
export interface ReportData {
  /** Name of the run's folder. */
  readonly name: string;
  readonly task: TaskInfo;
  readonly recipe: Recipe;
  /** Versions and choices of the machine, as recipe.json has them. */
  readonly madeBy: Readonly<Record<string, unknown>>;
  readonly epochs: readonly EpochRecord[];
  /** The epoch that best.safetensors is of; 0: the head before the full stage; null: none was validated. */
  readonly bestEpoch: number | null;
  readonly isFinished: boolean;
  readonly data: DataCard;
  /** The validation images, else those of the test; null where none were evaluated. */
  readonly main: EvaluatedPart | null;
  /** The test images beside them. */
  readonly test: EvaluatedPart | null;
  /** The folds of a cross-validation that are done, and how many there are to be. Else null. */
  readonly folds: { readonly planned: number; readonly rows: readonly FoldRow[] } | null;
  readonly advice: readonly Advice[];
  /** What is missing on the page, and why. */
  readonly notes: readonly string[];
  readonly commands: Commands;
}

/** To type in a terminal. */
export interface Commands {
  /** The run again, from the recipe in its folder. */
  readonly again: string;
  /** The same with all that differs from the defaults. */
  readonly flags: string;
  /** This page again. */
  readonly report: string;
  readonly predict: string;
}
