/** Charts on a page and in files. */
import { curveChart } from '#src/report/charts/curves';
import { openDrawing, PAPER, SCREEN } from '#src/report/charts/drawing';
import { confusionChart, reducedConfusion } from '#src/report/charts/confusion';
import { lettered } from '#src/report/charts/lettering';
import { pngOf } from '#src/report/charts/raster';
import { scatterChart } from '#src/report/charts/scatter';
import { asXml } from '#src/report/charts/xml';
import type { ValuedColumn } from '#src/report/run/report-data';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const screen = await openDrawing(SCREEN);

test('of many classes the matrix has those with the most wrong answers, in their order', () => {
  const confusion = [
    [5, 0, 0, 0],
    [0, 3, 0, 2],
    [0, 0, 5, 0],
    [1, 0, 0, 4],
  ];
  const { classes, counts, supports } = reducedConfusion(['a', 'b', 'c', 'd'], confusion, 2);
  assert.equal(classes, ['b', 'd']);
  assert.equal(counts, [
    [3, 2],
    [0, 4],
  ]);
  assert.equal(supports, [5, 5]);
});

test('a chart is one picture with one title, in the colours of its palette', () => {
  const series = [
    {
      name: '<b>&',
      points: [
        { x: 1, y: 2 },
        { x: 2, y: null },
        { x: 3, y: 1 },
      ],
    },
  ];
  const svg = curveChart(screen, series, { title: 'Loss "x"', x: 'epoch' });
  assert.match(svg, /^<svg aria-label="Loss &quot;x&quot; by epoch" role="img"/);
  assert.match(svg, /var\(--series-1\)/);
  assert.match(svg, /&lt;b&gt;&amp;/);
  assert.is(svg.split('aria-').length, 2);
});

test('pictures are PNG files; without fonts their letters are paths', async () => {
  const paper = await openDrawing(PAPER);
  const svg = confusionChart(
    paper,
    reducedConfusion(
      ['cat', 'dog'],
      [
        [3, 1],
        [0, 4],
      ],
    ),
  );
  assert.not.match(svg, /var\(/);
  const letters = await lettered(svg);
  assert.not.match(letters, /<text/);
  assert.ok(letters.split('<path').length >= svg.split('<text').length);
  const png = await pngOf(svg);
  assert.equal([...png.subarray(1, 4)], [...Buffer.from('PNG')]);
});

test('names that XML refuses are drawn into files all the same, with fonts and without', async () => {
  const paper = await openDrawing(PAPER);
  const names = [
    'mass < 5 kg',
    'end\uffff',
    'escape\u001b[31m',
    'half\ud800',
    'a "b" & <c>',
    'no\u00a0break',
    "it's",
  ];
  for (const column of names) {
    const points = [1, 2, 3].map((value) => ({ value, predicted: value + 1, name: column, image: 0 }));
    const svg = scatterChart(paper, { column, points, worst: [] } as unknown as ValuedColumn);
    for (const file of [svg, await lettered(svg)]) {
      assert.not.match(file, /="[^"]*<[^"]*"|[\ud800-\udfff\uffff]/);
      assert.equal([...(await pngOf(file)).subarray(1, 4)], [...Buffer.from('PNG')], column);
    }
  }
  assert.match(asXml('<a b="x < y">1 &lt; 2 "<i/>"</a>'), /^<a b="x &lt; y">1 &lt; 2 "<i\/>"<\/a>$/);
});

test.run();
