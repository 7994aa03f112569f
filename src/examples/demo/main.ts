/** Where the demos begin and end, as the command line does: one line and exit code 1 for a failure, 130 for Ctrl-C. */
import { failure, reportFailure } from '../../cli/errors.js';
import { Output } from '../../cli/output.js';
import { demo } from './demo.js';
import { photos } from './photos.js';

const output = new Output(process.stdout, process.stderr);
const run = process.argv[2] === 'photos' ? photos : demo;

try {
  await run(output);
} catch (thrown) {
  process.exitCode = reportFailure(failure(thrown), thrown, output, { json: false, debug: false });
}
