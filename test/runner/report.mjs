/** What the runner prints. */

/** uvu prints a mark per test in front of what the test itself prints, and a count after each suite. */
const MARKS = /^(?:[•✘] )+/;
const COUNTS = /^ {2}\(\d+ \/ \d+\)$/;

/**
 * Prints one ended process: a line per file, the problems of those that failed, then what the
 * process printed. Of a process without a failure only the notes are shown: lines that a test
 * prints starting with `# `, for figures that a reader should see every time.
 *
 * @param ended as `runJob` returns it
 * @param nameOf from a compiled file to the name of its source
 */
export function printProcess({ results, output }, nameOf) {
  for (const { file, passed, failed, skipped, problems, seconds } of results) {
    const counts = [`${passed} passed`];
    if (failed > 0) counts.push(`${failed} failed`);
    if (skipped > 0) counts.push(`${skipped} skipped`);
    console.log(
      `${failed > 0 ? 'FAIL' : 'ok  '}  ${nameOf(file)}: ${counts.join(', ')} in ${duration(seconds)}`,
    );
    for (const problem of problems) console.log(indent(problem, '      '));
  }

  const failed = results.some((result) => result.failed > 0);
  const lines = output
    .split('\n')
    .map((line) => line.replace(MARKS, ''))
    .filter((line) => line !== '' && !COUNTS.test(line))
    .filter((line) => failed || line.startsWith('# '));
  for (const line of lines) console.log(`      | ${line}`);
}

/**
 * Prints the slowest files, the time of each share, why tests were skipped and, last, the one line that counts.
 *
 * @param reasons sentences: why the machine cannot run some of the tests
 */
export function printSummary({ results, shares, nameOf, reasons }) {
  const slowest = [...results].sort((a, b) => b.seconds - a.seconds).slice(0, 5);
  console.log('\nslowest files:');
  for (const { file, seconds } of slowest) console.log(`  ${duration(seconds).padStart(8)}  ${nameOf(file)}`);
  console.log(shares.map(({ name, seconds }) => `${name} share: ${duration(seconds)}`).join(', '));

  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  for (const reason of reasons) console.log(reason);
  printCounts(sum('passed'), sum('failed'), sum('skipped'));
}

/** The last line of every run, which `.ci/run` reads. */
export function printCounts(passed, failed, skipped = 0) {
  const skips = skipped > 0 ? `, ${skipped} skipped` : '';
  console.log(`${passed} passed, ${failed} failed${skips}`);
}

function duration(seconds) {
  return seconds < 100
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

function indent(text, by) {
  return text.replace(/^/gm, by);
}
