/** The report at the end of `attune finetune`: what writes it is loaded only then. */
import { join } from 'node:path';
import { sentence } from '../../errors.js';
import { commandLine, pathFromHere } from '../../runs/command-line.js';
import type { DeviceOptions } from '../../recipe/options.js';
import { REPORT_FILES } from '../../runs/run-folder.js';
import { isThere } from '../../formats/index.js';
import { oneLine } from '../../text.js';
import { failure } from '../errors.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';

/** The flags of a run that its report goes by, too. */
export interface EndReport extends Omit<DeviceOptions, 'device'> {
  /** False: none is written. */
  readonly report: boolean | undefined;
  readonly device?: DeviceOptions['device'];
  readonly workers?: number;
}

interface Ended {
  readonly run: string;
  readonly interrupted: boolean;
}

/** Whether a run is to have a report and has none, as one that was killed while it was written. */
export async function lacksReport(
  run: string,
  { report = true }: Pick<EndReport, 'report'>,
): Promise<boolean> {
  return report && !(await isThere(join(run, REPORT_FILES.report)));
}

/**
 * Writes the report of a run and resolves with its path; null where none is wanted, and of a run that was interrupted.
 * The run is done and saved, so whatever goes wrong here, Ctrl-C included, is told in a note and the path is null.
 */
export async function endReport(
  { run, interrupted }: Ended,
  { report: isWanted = true, device, adapter, threads, workers }: EndReport,
  output: Output,
): Promise<string | null> {
  if (!isWanted || interrupted) return null;
  const options = {
    run,
    ...(device !== undefined && { device }),
    ...(adapter !== undefined && { adapter }),
    ...(threads !== undefined && { threads }),
    ...(workers !== undefined && { workers }),
  };
  try {
    const { report } = await import('../../report/index.js');
    return (await withSession(output, (context) => report(options, context))).report;
  } catch (thrown) {
    const again = commandLine(['report', pathFromHere(run)]);
    output.note(
      oneLine(`The run is saved but has no report: ${sentence(failure(thrown))}. To try again: ${again}`),
    );
    return null;
  }
}
