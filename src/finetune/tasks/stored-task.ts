/** From a task as runs and checkpoints store it to the task. */
import { classification } from './classification.js';
import { regression } from './regression.js';
import type { Task, TaskInfo } from './task.js';

/** The task that was stored. */
export function taskOf(info: TaskInfo): Task {
  return info.kind === 'classification' ? classification(info.classes) : regression(info.columns);
}
