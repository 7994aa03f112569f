/** For what is about classes only. */
import { AttuneError } from '../errors.js';
import type { Task } from './index.js';

/** The classes of a task; throws AttuneError 'usage' for one whose images do not belong to one class each. */
export function requireClasses({ classes }: Task, command: string, where: string): readonly string[] {
  if (classes !== null) return classes;
  throw new AttuneError({
    code: 'usage',
    what: `${command} is about classes, and these images have values`,
    where,
    hint: 'name a folder with one folder of images per class, a column of labels with --label, or a run of such',
  });
}
