/** `attune report`: the page of a run, written anew. */
import { relative } from 'node:path';
import { type ReportOptions, type ReportResult, report } from '../../report/index.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { facts } from '../table.js';

export async function reportCommand(options: ReportOptions, json: boolean, output: Output): Promise<number> {
  const result = await withSession(output, (context) => report(options, context));
  if (json) output.json(result);
  else output.print(facts(filesOf(result)));
  return 0;
}

function filesOf({ report: page, results, confusion }: ReportResult): [name: string, path: string][] {
  const files: [string, string | null][] = [
    ['report', page],
    ['results', results],
    ['confusion matrix', confusion],
  ];
  return files.flatMap(([name, path]) => (path === null ? [] : [[name, relative('.', path)]]));
}
