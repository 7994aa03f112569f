/** What the terminal shows of a task. */
import type { ComparedRun } from '../../report/index.js';
import type { EvaluateResult, FinetuneResult, ModelAnswer, TaskKind } from '../../finetune/index.js';
import type { Output } from '../output.js';

/** A line of facts. */
export type Fact = readonly [name: string, value: string];

/** A column of a table of runs. */
export interface RunColumn {
  readonly title: string;
  text(run: ComparedRun): string;
}

/** A row of the table of texts. */
export interface TaskText<K extends TaskKind = TaskKind> {
  /** What was learnt. */
  learnt(result: FinetuneResult<K>): Fact;
  /** How good the best epoch is. */
  reached(result: FinetuneResult<K>): Fact[];
  /** The test images as a table; no line where there are none, or too much to show. */
  tested(result: FinetuneResult<K>): string[];
  /** The whole of an evaluation. */
  evaluated(result: EvaluateResult<K>, output: Output): void;
  /** What is said of an image: figures, each with its name. */
  answered(answer: ModelAnswer[K]): (readonly [figure: string, name: string])[];
  /** The measures of a fold that a table shows, by their keys. */
  readonly foldColumns: readonly (readonly [key: string, title: string])[];
  /** How many of them stand below the table, with their spread. */
  readonly foldHeadlines: number;
  /** Its columns in a table of runs, before the loss and behind it. */
  readonly runColumns: { readonly before: readonly RunColumn[]; readonly behind: readonly RunColumn[] };
}
