/**
 * `npm run test:mutants`: breaks loops, gradients and shaders on purpose, one place at a time, and counts how many of
 * these mutants make a test fail. It works in a throw-away copy and needs a WebGPU adapter, as the tests do.
 *
 *   node build/test/mutants/run.js [--all] [--files N] [--report FILE] [--verbose] [FILTER...]
 *
 * --all      every mutant instead of a sample (hours)
 * --files N  one mutant in each of N files instead of several in all of them
 * --report   adds each mutant to this file; those that it says were killed are not tried again, unless their source
 *            has changed: a long run can be stopped and go on, and after new tests only the survivors are tried
 * --verbose  also what killed each mutant
 * FILTER     only files whose path contains one of these
 *
 * A mutant in survivors.json is one that no test can kill, with the reason; it counts neither way. Ends with an
 * exit code other than 0 when fewer than 95 % of the others are killed.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Judged, type Outcome, Report } from './report.js';
import { byHash, share } from './select.js';
import { Session } from './session.js';
import { readSurvivors } from './survivors.js';
import { targetsIn } from './targets.js';
import { HANGS } from './test-process.js';
import { Tree } from './tree.js';

/** The share of mutants that must make a test fail. */
const LEAST_KILLED = 0.95;

/** One mutant for each so many possible ones of a file, and at most so many in one. */
const SITES_PER_MUTANT = 60;
const MOST_PER_FILE = 2;

const root = fileURLToPath(new URL('../../../', import.meta.url));
const { values: options, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    files: { type: 'string' },
    report: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

const wanted = targetsIn(root).filter(
  ({ name }) => filters.length === 0 || filters.some((filter) => name.includes(filter)),
);
const targets = options.files ? byHash(wanted, ({ name }) => name).slice(0, Number(options.files)) : wanted;
let hanging = 0;
const counts: Record<Outcome, number> = { killed: 0, argued: 0, survived: 0, invalid: 0 };
// The runner of the tests is plain JavaScript: it runs before anything is compiled.
const { testEnvironment } = await import(new URL('test/runner/environment.mjs', `file://${root}`).href);
const { chooseAdapter } = await import(new URL('test/runner/adapter.mjs', `file://${root}`).href);

const started = performance.now();
const { environment } = chooseAdapter(root, testEnvironment(root));
const first = new Tree(root, environment);
const trees = [first, new Tree(root, environment, first)];
// Also of a run that is stopped, nothing is left.
process.on('exit', () => {
  for (const tree of trees) tree.remove();
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
const session = new Session(trees, targets, readSurvivors(root), new Report(options.report));
const most = options.all ? Number.POSITIVE_INFINITY : options.files ? 1 : MOST_PER_FILE;
await session.judgeAll(
  (target) => (options.all ? most : share(target, SITES_PER_MUTANT, most)),
  (target, judged) => {
    for (const { outcome, reason } of judged) {
      counts[outcome]++;
      if (reason === HANGS) hanging++;
    }
    print(target.name, judged);
  },
);

const { killed, survived, argued, invalid } = counts;
const minutes = ((performance.now() - started) / 60_000).toFixed(1);
const part = killed / (killed + survived);
console.log(
  `${killed + survived} mutants in ${targets.length} files: ${killed} killed (${(100 * part).toFixed(1)} %, ${hanging} because they hang), ` +
    `${survived} survived; ${argued} argued and ${invalid} that do not compile not counted; ${minutes} min`,
);
process.exitCode = part >= LEAST_KILLED ? 0 : 1;

function print(name: string, judged: readonly Judged[]): void {
  const count = (outcome: Outcome) => judged.filter((one) => one.outcome === outcome).length;
  console.log(`${name}: ${count('killed')} killed, ${count('survived')} survived`);
  for (const { mutant, outcome, reason } of judged) {
    if (outcome !== 'survived' && !options.verbose) continue;
    const first = reason.split('\n').find((text) => text.trim() !== '') ?? '';
    console.log(`  ${outcome} (${mutant.kind}): ${first.trim().slice(0, 200)}`);
    console.log(`    ${mutant.line}\n    ${mutant.mutant}`);
  }
}
