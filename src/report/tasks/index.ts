/** What reports show of each task. */
import type { TaskKind } from '../../recipe/results.js';
import { CLASSIFICATION_REPORT } from './classification.js';
import { MULTI_LABEL_REPORT } from './multi-label.js';
import { REGRESSION_REPORT } from './regression.js';
import type { TaskReport } from './task-report.js';

export const TASK_REPORTS: { readonly [K in TaskKind]: TaskReport<K> } = {
  classification: CLASSIFICATION_REPORT,
  regression: REGRESSION_REPORT,
  'multi-label': MULTI_LABEL_REPORT,
};

/** The row of a task, whichever it is. */
export function reportOf(kind: TaskKind): TaskReport {
  return TASK_REPORTS[kind] as TaskReport;
}
