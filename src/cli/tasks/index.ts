/** What the terminal shows of each task. */
import type { TaskKind } from '../../finetune/index.js';
import { CLASSIFICATION_TEXT } from './classification.js';
import { MULTI_LABEL_TEXT } from './multi-label.js';
import { REGRESSION_TEXT } from './regression.js';
import type { TaskText } from './task-text.js';

const TASK_TEXTS: { readonly [K in TaskKind]: TaskText<K> } = {
  classification: CLASSIFICATION_TEXT,
  regression: REGRESSION_TEXT,
  'multi-label': MULTI_LABEL_TEXT,
};

/** The row of a task, whichever it is. */
export function textOf(kind: TaskKind): TaskText {
  return TASK_TEXTS[kind] as TaskText;
}
