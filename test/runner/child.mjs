/**
 * A test process: runs the given test files one after another and reports each to the runner.
 *
 *   node test/runner/child.mjs [--exit] [--skip] FILE...
 *
 * Ordinary files get a process each. All WGSL files share one, because a software adapter compiles
 * slowly and a device per process is expensive; modules are shared too, hence also the device that
 * the first of them opened. Nobody closes that one: `--exit` ends the process explicitly. `--skip` loads
 * the files and runs none of their tests: all of them count as skipped.
 */
import { pathToFileURL } from 'node:url';
import { send } from './messages.mjs';

const words = process.argv.slice(2);
const endExplicitly = words.includes('--exit');
const skipAll = words.includes('--skip');
const files = words.filter((word) => !word.startsWith('--'));

// uvu runs a suite by itself unless something else has promised to: the promise is this global.
globalThis.UVU_DEFER = 1;
globalThis.UVU_QUEUE = [];
// What the compiled tests import under this name is the same module: see watch-uvu.mjs.
const { watch } = await import('./uvu.mjs');

for (const [index, file] of files.entries()) {
  send({ type: 'file', file });
  send({ type: 'result', file, ...(await runFile(index, file)) });
}
send({ type: 'done' });
if (endExplicitly) process.exit();

/** Imports one file and runs the suites that it queued. Problems are sentences for the reader. */
async function runFile(index, file) {
  const suites = [];
  const result = { passed: 0, failed: 0, skipped: 0, problems: [] };
  watch.registered = 0;
  watch.hookErrors = [];
  globalThis.UVU_INDEX = index;
  globalThis.UVU_QUEUE[index] = suites;

  try {
    await import(pathToFileURL(file).href);
    for (const run of skipAll ? [] : suites) {
      // uvu's own tuple: the failures as text (or true), tests passed, tests skipped, tests run.
      const [failures, passed, skipped, total] = await run();
      result.passed += passed;
      result.failed += total - passed;
      result.skipped += skipped;
      if (typeof failures === 'string') result.problems.push(failures.trimEnd());
    }
  } catch (thrown) {
    // A file whose tests follow from what the adapter can do cannot say how many there are.
    if (skipAll && thrown?.code === 'device') return { ...result, skipped: Math.max(watch.registered, 1) };
    result.failed++;
    result.problems.push(`failed outside a test: ${thrown?.stack ?? thrown}`);
  }

  if (skipAll) result.skipped = watch.registered;
  result.problems.push(...watch.hookErrors);
  const left = watch.registered - result.passed - result.failed - result.skipped;
  if (result.problems.length === 0 && watch.registered === 0) {
    result.failed++;
    result.problems.push('reports no test: does it end with test.run()?');
  } else if (left > 0) {
    result.failed++;
    result.problems.push(`${left} of its tests did not run: is a test.run() missing?`);
  }
  return result;
}
