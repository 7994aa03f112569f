/** Pages of ours in a real browser: nothing fails, nothing is loaded, everyone can read them, and names stay names. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openDrawing, SCREEN } from '#src/report/charts/drawing';
import { reportPage } from '#src/report/page/page';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attuneHere } from '../../cli/support.js';
import { namedReport } from '../named-report.js';

const folder = mkdtempSync(join(tmpdir(), 'attune browser ü '));
test.after(() => rmSync(folder, { recursive: true }));

/** What look.mjs tells. */
interface Seen {
  readonly errors: readonly string[];
  readonly requests: readonly string[];
  readonly violations: Readonly<Record<'light' | 'dark' | 'narrow', readonly unknown[]>>;
  readonly overflow: Readonly<Record<string, number>>;
  readonly stops: readonly { readonly tag: string; readonly hasOutline: boolean }[];
  readonly wanted: number;
  readonly paper: { readonly closed: number; readonly nav: string };
  readonly elements: Readonly<Record<string, number>>;
}

async function look(file: string): Promise<Seen> {
  const program = fileURLToPath(new URL('../../../../test/report/page/look.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, file]);
  return JSON.parse(stdout) as Seen;
}

/** What must hold of every page. */
function assertSound({ errors, requests, violations, overflow, stops, wanted, paper, elements }: Seen): void {
  assert.equal(errors, []);
  assert.equal(requests, [], 'nothing but the page itself is loaded');
  assert.equal(violations, { light: [], dark: [], narrow: [] }, 'axe-core finds nothing');
  assert.equal(overflow, { light: 0, dark: 0, narrow: 0 }, 'the page is no wider than the screen');
  assert.is(stops.length, wanted, 'the Tab key reaches all there is to reach');
  assert.ok(
    stops.every(({ hasOutline }) => hasOutline),
    'and one sees where one is',
  );
  assert.equal(paper, { closed: 0, nav: 'none' }, 'on paper all is open');
  const { scripts, foreign, handlers, broken } = elements;
  assert.equal({ scripts, foreign, handlers, broken }, { scripts: 0, foreign: 0, handlers: 0, broken: 0 });
}

test('names that are HTML, very long, of several lines or written from the right stay names', async () => {
  const names = [
    '<img src=x onerror=alert(1)>',
    `"'></title><script>alert(2)</script>\n<a href="https://example.com">`,
    `\u05e9\u05dc\u05d5\u05dd \u202e${'W'.repeat(3000)}`,
  ] as const;
  const page = join(folder, 'hostile.html');
  const file = 'a/\u0627\u0644\u0642\u0637\n" onload="alert(3)" x="<svg onload=alert(4)>.png';
  writeFileSync(page, reportPage(namedReport(names, file), await openDrawing(SCREEN)));
  const seen = await look(page);
  assertSound(seen);
  // Those of the report itself: the names have added none.
  assert.is(seen.elements['images'], 4);
  assert.is(seen.elements['links'], seen.elements['sections']! + 1);
});

test('the reports of real runs, and what compares them, are as sound', async () => {
  const shipped = (path: string) =>
    fileURLToPath(new URL(`../../../../weights/demo/${path}`, import.meta.url));
  const words = `${shipped('images')}|--weights|${shipped('garments.safetensors')}|--device|cpu`.split('|');
  const [probe, full, page] = ['probe', 'full', 'compare.html'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const short = ['--strategy', 'full', '--epochs', '2', '--batch-size', '16', '--no-report', '--out', full];
  const trained = [
    await attuneHere(['finetune', ...words, '--strategy', 'probe', '--out', probe, '--json']),
    await attuneHere(['finetune', ...words, ...short]),
  ];
  for (const { status, stderr } of trained) assert.is(status, 0, stderr);
  const { report } = JSON.parse(trained[0]!.stdout) as { report: string };
  assert.is(report, join(probe, 'report.html'));
  const seen = await look(report);
  assertSound(seen);
  assert.ok(seen.elements['images']! >= 12 && seen.elements['charts']! >= 4, JSON.stringify(seen.elements));

  const nothing = join(folder, 'nothing');
  mkdirSync(nothing);
  const compared = await attuneHere(['compare', probe, full, nothing, '--out', page, '--device', 'cpu']);
  assert.is(compared.status, 0, compared.stderr);
  assert.match(compared.stderr, /^Left out: .*nothing: this is no run folder \(.+$/m);
  assert.match(compared.stdout, /^1 +probe +[\d.]+ % +[\d.]+ to [\d.]+ % /m);
  assert.match(compared.stdout, /^strategy +probe +run 1\n +full +run 2$/m);
  assert.match(compared.stdout, /^1 and 2 +6 +\d +\d +[\d.]+$/m);
  const comparison = await look(page);
  assertSound(comparison);
  assert.is(comparison.elements['images'], 0);
});

test.run();
