/**
 * The test runner behind `npm test`: every test file in its own process under a time limit, except
 * the WGSL files, which share one.
 *
 *   node test/run.mjs [--full] [--limit SECONDS] [--jobs N] [--allow-skips] [--from FOLDER] [FILTER...]
 *
 * --full         also the slow share, after the quick one
 * --limit        seconds a file may take, instead of the limits below
 * --jobs         processes at a time, instead of one per core
 * --allow-skips  a skipped test does not fail the run
 * --from         the `.test.mjs` files of a folder instead of the project's tests
 * FILTER         only files whose path contains one of these
 *
 * What is not compiled is not run: `npm test` builds first. The last line is `N passed, N failed`, or
 * `N passed, N failed, N skipped`; a file that reports no test, ends early, crashes or takes too long
 * counts as one failed test. Only where there is no WebGPU adapter, the WGSL tests may be skipped.
 */
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chooseAdapter } from './runner/adapter.mjs';
import { testEnvironment } from './runner/environment.mjs';
import { testFiles } from './runner/files.mjs';
import { killAll, runJob } from './runner/job.mjs';
import { printCounts, printProcess, printSummary } from './runner/report.mjs';

/** Seconds that one file may take. A software adapter compiles each kernel for up to seconds. */
const LIMITS = { quick: 60, webgpu: 180, slow: 1800 };

/** More processes than this would only compete for memory. */
const MOST_JOBS = 4;

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    full: { type: 'boolean', default: false },
    limit: { type: 'string' },
    jobs: { type: 'string', default: String(Math.min(availableParallelism(), MOST_JOBS)) },
    'allow-skips': { type: 'boolean', default: false },
    from: { type: 'string', default: 'test' },
  },
});

process.on('SIGINT', () => {
  killAll();
  process.exit(130);
});

const files = testFiles(root, options.from).filter(
  ({ name, slow }) =>
    (options.full || !slow) && (filters.length === 0 || filters.some((filter) => name.includes(filter))),
);
const names = new Map(files.map(({ name, compiled }) => [compiled, name]));
const nameOf = (file) => names.get(file) ?? relative(root, file);
const environment = testEnvironment(root);

if (files.length === 0) {
  console.log(`no test file matches ${filters.map((filter) => `"${filter}"`).join(' or ')}`);
  printCounts(0, 1);
  process.exit(1);
}

const results = [];
const shares = [];
const reasons = new Set();
await runShare(
  'quick',
  files.filter(({ slow }) => !slow),
);
await runShare(
  'slow',
  files.filter(({ slow }) => slow),
);
printSummary({ results, shares, nameOf, reasons });
process.exitCode = results.every(({ failed }) => failed === 0) ? 0 : 1;

/** Runs the files of one share, printing each as it ends. */
async function runShare(name, share) {
  if (share.length === 0) return;
  const started = performance.now();
  const webgpu = share.filter((file) => file.webgpu);
  const waiting = share.filter((file) => !file.webgpu).map((file) => job([file]));
  // The longest first, so that the others fill the time beside it.
  if (webgpu.length > 0) waiting.unshift(job(webgpu));

  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (next.shared) takeAdapter(next);
      const processes = await runJob(next);
      for (const ended of processes) {
        if (!options['allow-skips'] && !next.skip) ended.results.forEach(failOnSkips);
        results.push(...ended.results);
        printProcess(ended, nameOf);
      }
    }
  };
  await Promise.all(Array.from({ length: Number(options.jobs) }, work));
  shares.push({ name, seconds: (performance.now() - started) / 1000 });
}

function job(share) {
  const [{ webgpu, slow }] = share;
  const limit = Number(options.limit ?? LIMITS[slow ? 'slow' : webgpu ? 'webgpu' : 'quick']);
  return { files: share.map(({ compiled }) => compiled), limit, environment, shared: webgpu };
}

/** Gives the WGSL files their adapter. Where there is none their tests are skipped, and the run ends with what to do. */
function takeAdapter(next) {
  const { name, warnings, environment } = chooseAdapter(root, next.environment);
  if (name !== undefined) {
    console.log(`      WGSL tests run on ${name}`);
    next.environment = environment;
    return;
  }
  next.skip = true;
  reasons.add(
    'The WGSL tests are skipped: Dawn finds no WebGPU adapter. "npm run setup:vulkan" installs a software one, or says how.',
  );
  console.log(warnings);
}

function failOnSkips(result) {
  if (result.skipped === 0) return;
  result.failed++;
  result.problems.push(`skips ${result.skipped} tests, which only --allow-skips permits`);
}
