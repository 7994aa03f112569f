/** For what is about classes only. */
import { AttuneError } from '../../errors.js';
import type { Task } from './task.js';

/** Throws AttuneError 'usage' for a task that is no classification. */
export function requireClasses({ info }: Task, command: string, where: string): void {
  if (info.kind === 'classification') return;
  throw new AttuneError({
    code: 'usage',
    what: `${command} is about classes, and these images have values`,
    where,
    hint: 'name a folder with one folder of images per class, a column of labels with --label, or a run of such',
  });
}
