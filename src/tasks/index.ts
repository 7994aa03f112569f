/** The table of tasks: what a network can be trained to tell. A task is its file, and its lines here. */
import * as v from 'valibot';
import type { NamedColumns } from '../inputs/index.js';
import { CLASSIFICATION, type ClassificationTypes } from './classification.js';
import { type Measure, LOSS } from './measure.js';
import { MULTI_LABEL, type MultiLabelTypes } from './multi-label.js';
import { REGRESSION, type RegressionTypes } from './regression.js';
import type { TaskOf, TaskRow } from './task.js';

/** The plain data of each task. */
export interface TaskTable {
  readonly classification: ClassificationTypes;
  readonly regression: RegressionTypes;
  readonly 'multi-label': MultiLabelTypes;
}

/** The tasks by name; the first is what a file says nothing of. */
export const TASKS: { readonly [K in TaskKind]: TaskRow<TaskTable[K]> } = {
  classification: CLASSIFICATION,
  regression: REGRESSION,
  'multi-label': MULTI_LABEL,
};

/** What a network is trained for: classes, or values of a CSV file. */
export type TaskKind = keyof TaskTable;

/** A task as plain data, as runs and checkpoints store it. */
export type TaskInfo = TaskTable[TaskKind]['info'];

/** Any of the tasks. */
export type Task = { readonly [K in TaskKind]: TaskOf<TaskTable[K]> }[TaskKind];

export const TASK_KINDS = Object.keys(TASKS) as readonly TaskKind[];

/** The tasks among some, each once, in the order of the table. */
export function kindsAmong(kinds: readonly TaskKind[]): readonly TaskKind[] {
  return TASK_KINDS.filter((kind) => kinds.includes(kind));
}

/** The row of a task, whichever it is. */
export function rowOf(kind: TaskKind): TaskRow<TaskTable[TaskKind]> {
  return TASKS[kind] as TaskRow<TaskTable[TaskKind]>;
}

/** The task that columns are named for, where no data set says more. */
export function kindNamedBy(named: NamedColumns): TaskKind {
  return TASK_KINDS.find((kind) => rowOf(kind).answers.isNamedBy(named)) ?? TASK_KINDS[0];
}

/** The task that was stored. */
export function taskOf(info: TaskInfo): Task {
  return rowOf(info.kind).create(info) as Task;
}

/** A stored task. */
export const taskSchema: v.GenericSchema<unknown, TaskInfo> = v.lazy((input) => {
  const kind = (input as { readonly kind?: unknown } | null)?.kind;
  const known = TASK_KINDS.find((name) => name === kind);
  return known === undefined ? v.never() : rowOf(known).schema;
});

/** The measures of all tasks by their keys: two tasks that have one mean the same by it. */
export const MEASURES: ReadonlyMap<string, Measure> = new Map(
  TASK_KINDS.flatMap((kind) => {
    const { epoch, fold } = TASKS[kind].measures;
    return [LOSS, ...epoch, ...fold].map((measure): [string, Measure] => [measure.key, measure]);
  }),
);

export { classification, type ClassificationTypes } from './classification.js';
export { regression, type RegressionTypes } from './regression.js';
export type { LabelMetrics, MultiLabelMetrics } from './metrics/label-metrics.js';
export type { LabelPrediction, MultiLabelTypes } from './multi-label.js';
export type { AnsweredImages, ChosenColumns, MeasuredNetwork } from './answers.js';
export * from './measure.js';
export type { AnswerOptions, LossOptions, Targets, TaskTypes } from './task.js';
