/** The page of a run: a page that names from outside cannot break. */
import { openDrawing, SCREEN } from '#src/report/charts/drawing';
import { reportPage } from '#src/report/page/page';
import { dataSection } from '#src/report/page/sections/data';
import { summarySection } from '#src/report/page/sections/summary';
import type { ValuedPart } from '#src/report/run/report-data';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { namedReport } from '../named-report.js';

const names = ['<script>alert(1)</script>', `"'&\u202e`, 'x'.repeat(10_000)] as const;
const data = namedReport(names, `${names[0]}/"onload=alert(1) x="\u202e.png`);
const screen = await openDrawing(SCREEN);

test('what the data is, is said: a folder or a CSV file', () => {
  const first = (path: string) =>
    dataSection({ ...data, data: { ...data.data, data: path } }, screen).body.text.match(/<dt>([^<]*)/)?.[1];
  assert.is(first('photos'), 'Folder');
  assert.is(first('photos/values.CSV'), 'CSV file');
});

test('no name from outside becomes a part of the page, and none makes it long', () => {
  const page = reportPage(data, screen);
  assert.not.match(page, /<script/i);
  assert.not.match(page, /\son\w+=/i, 'no attribute that runs something');
  assert.not.match(page, /\u202e/);
  assert.not.match(page, /(?:src|href)="(?!data:image|#)/, 'nothing is loaded');
  assert.ok(page.length < 150_000, `${page.length}`);
  assert.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
  assert.match(page, /default-src &#39;none&#39;/);
  // Every element that is opened is closed, and no attribute was cut in two.
  for (const tag of ['section', 'table', 'figure', 'details', 'svg', 'ul', 'li', 'dl']) {
    assert.is(page.split(new RegExp(`<${tag}[ >]`)).length, page.split(`</${tag}>`).length, tag);
  }
});

test('in the report no number leaves its unit, and the names of its images keep their endings', () => {
  const page = reportPage(namedReport(['a', 'b', 'c'], 'cats/IMG_2024-11-24.jpeg'), screen);
  const text = page.replace(/<(pre|code|bdi|style|svg)\b[\s\S]*?<\/\1>|<[^>]*>/g, '|');
  assert.match(text, /\d\u00a0%/);
  assert.not.match(text, /\d (?:%|s|min|h|kB|MB|GB)(?!\w)/);
  assert.match(page, /<span class="whole">-11-24\.jpeg<\/span>/);
  assert.match(page, /\.whole[^}]*white-space: nowrap/);
});

test('errors of columns in different units are not averaged', () => {
  const columns = ['age', 'weight'].map((column) => ({ column, points: [], worst: [] }));
  const metrics = { images: 4, loss: 0.25, mse: 50, mae: 7.5, rmse: 7.1, r2: 0.75, per_column: [] };
  const data = { ...namedReport(['a', 'b', 'c'], 'd.png'), test: null };
  const of = (some: typeof columns) =>
    summarySection({
      ...data,
      main: { kind: 'regression', part: 'val', words: data.data.words, metrics, columns: some } as ValuedPart,
    }).body.text;
  assert.match(of(columns.slice(0, 1)), /7\.5/);
  assert.not.match(of(columns), /7\.[15]|unit of the values/);
  assert.match(of(columns), /0\.750<small>the mean over 2 columns.*0\.250<small>mean squared error/s);
});

test.run();
