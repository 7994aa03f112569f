/** What is kept of a run that was cut off, and what is tried again. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mutationsOf } from './operators.js';
import { type Outcome, Report } from './report.js';
import { type Mutant, ordered } from './select.js';

const folder = mkdtempSync(join(tmpdir(), 'attune-report-'));
test.after(() => rmSync(folder, { recursive: true }));

/** The mutants of a shader. */
function mutants(source: string): Mutant[] {
  const target = { file: 'a.wgsl', name: 'a.wgsl', language: 'wgsl', source, tests: [] } as const;
  return ordered({ ...target, mutations: mutationsOf(source, 'wgsl') });
}

const SOURCE = 'fn f() {\n  y = a + b - c < d;\n}\n';

test('what was killed or does not compile is not tried again, what survived is', () => {
  const path = join(folder, 'outcomes.jsonl');
  const tried = mutants(SOURCE);
  const outcomes: Outcome[] = ['killed', 'invalid', 'survived'];
  const first = new Report(path);
  outcomes.forEach((outcome, i) => {
    first.add({ mutant: tried[i], outcome, reason: 'because' });
  });
  const next = new Report(path);
  assert.equal(
    tried.slice(0, 4).map((mutant) => next.settled(mutant)),
    [
      { outcome: 'killed', reason: 'because' },
      { outcome: 'invalid', reason: 'because' },
      undefined,
      undefined,
    ],
  );
});

test('the same mutant of another source is tried again', () => {
  const path = join(folder, 'source.jsonl');
  const [mutant] = mutants(SOURCE);
  new Report(path).add({ mutant, outcome: 'killed', reason: 'because' });
  const [same] = mutants(`${SOURCE}// More.\n`);
  assert.is(same.mutant, mutant.mutant);
  assert.is(new Report(path).settled(same), undefined);
});

test('a line that was cut off is no verdict', () => {
  const path = join(folder, 'cut.jsonl');
  const [one, two] = mutants(SOURCE);
  new Report(path).add({ mutant: one, outcome: 'killed', reason: 'because' });
  appendFileSync(path, '{"file":"a.w');
  new Report(path).add({ mutant: two, outcome: 'killed', reason: 'because' });
  const report = new Report(path);
  assert.is(report.settled(one)?.outcome, 'killed');
  assert.is(report.settled(two)?.outcome, 'killed');
});
test.run();
