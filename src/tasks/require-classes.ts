/** For what is about classes only. */
import { AttuneError } from '../errors.js';
import { rowOf, type Task } from './index.js';

/** The classes of a task; throws AttuneError 'usage' for one whose images do not belong to one class each. */
export function requireClasses({ classes, info }: Task, command: string, where: string): readonly string[] {
  if (classes !== null) return classes;
  throw new AttuneError({
    code: 'usage',
    what: `${command} is about classes, of which each sample has one, and this is about ${rowOf(info.kind).answers.given(info)}`,
    where,
    hint: 'name a folder with one folder per class, a column of labels with --label, or a run of such',
  });
}
