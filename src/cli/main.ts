/**
 * Where the process begins and ends: attune.mjs imports this file, which runs the command line and exits. The exit is
 * explicit, because Dawn and worker threads may keep handles open.
 */
import { Output } from './output.js';
import { run } from './definitions/run.js';

const argv = process.argv.slice(2);
const output = new Output(process.stdout, process.stderr);

// A closed pipe, as of `attune weights | head`, is no failure. Results are printed last, so nothing is lost.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(
    `attune: standard output cannot be written, ${error.code}: write to another place\n`,
    () => process.exit(1),
  );
});
// Nobody reads the notes any more; the work goes on.
process.stderr.on('error', () => {});

const code = await run(argv, output);
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit(code);

/** Resolves when what was written to a stream has left this process. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
