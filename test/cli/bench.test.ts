/** What attune bench prints and writes, of rows that are made up; bench.slow.test.ts measures. */
import { type BenchDocument, markdownReport, printTables } from '#src/cli/commands/bench-text';
import type { BenchDevice, Spread } from '#src/finetune/bench/index';
import { benchCharts } from '#src/report/bench';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { recordedOutput } from './support.js';

const cpu: BenchDevice = { kind: 'cpu', adapter: 'A | B <1>', software: false };
const gpu: BenchDevice = { kind: 'webgpu', adapter: 'llvmpipe', software: true };
const spread = (median: number, samples = 3): Spread => ({
  median,
  min: median / 2,
  max: median * 2,
  samples,
});
const rows: BenchDocument['rows'] = [
  { ...cpu, part: 'ceilings', gflops: 100, gigabytes_per_second: 50 },
  {
    ...{ ...gpu, part: 'kernels' as const, name: 'matmul 8 x 8 x 8', variant: 'matmul tile64' },
    milliseconds: spread(4),
    ...{ gflops: 25, gigabytes_per_second: 0.5, bound: 'arithmetic' as const, share: 0.25 },
  },
  {
    ...{ ...cpu, part: 'models' as const, name: 'ResNet50 training', batch: 2 },
    ...{ images_per_second: spread(10, 1), peak_bytes: 5e8 },
  },
  {
    ...{ ...gpu, part: 'startup' as const, name: 'ResNet50 training', batch: 2 },
    ...{ open_seconds: 0.5, first_seconds: 8, later_seconds: spread(2) },
  },
];
const document: BenchDocument = {
  ...{ version: '1.0.0', node: '20.9.0', platform: 'linux x64', date: '2026-01-01', seconds: 60 },
  command: 'npx attune bench --seconds 60',
  ...{ parts: ['kernels', 'models', 'startup'] as const, devices: [cpu, gpu], rows },
  unmeasured: [{ ...gpu, part: 'models', name: 'ResNet50 training', reason: 'no time' }],
};

test('every row names its adapter, and says of a software one that it is', () => {
  const { output, stdout } = recordedOutput();
  printTables(document, output);
  const lines = stdout.text.split('\n');
  const line = (start: string) => lines.find((text) => text.startsWith(start)) ?? '';
  assert.match(line('A | B <1> (cpu)'), /^A \| B <1> \(cpu\) +100 +50$/);
  assert.match(
    line('matmul'),
    /llvmpipe \(webgpu, software\) +matmul tile64 +4 \(2 to 8\) +25 +0\.5 +25\.0 % +arithmetic$/,
  );
  assert.match(line('ResNet50 training  A'), / 2 +10 +500 MB$/);
  assert.match(line('ResNet50 training  llvmpipe'), / 2 +0\.5 +8 +2 \(1 to 4\) +4$/);
  assert.match(stdout.text, /\nNot measured\n.*\nResNet50 training +llvmpipe .* models +no time\n/);
  assert.match(line('all of it'), / a hardware GPU +all +none was measured; .*: npx attune bench$/);
});

test('the Markdown has the same tables, and nothing of a name breaks them', () => {
  const text = markdownReport(document);
  assert.equal(
    [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title),
    [
      ...['Ceilings, measured', 'Kernels', 'Models, at 224 pixels', 'Start-up of a process, in seconds'],
      'Not measured',
    ],
  );
  assert.match(text, /^\| A \\\| B <1> \(cpu\) \| 100 \| 50 \|$/m);
  assert.match(text, /; 60 s in all, by `npx attune bench --seconds 60`\.$/m);
});

test('what a hardware GPU would show is not measured where there is none, and is where there is one', () => {
  const hardware: BenchDocument = { ...document, devices: [cpu, { ...gpu, software: false }] };
  assert.match(markdownReport(document), /^\| all of it \| a hardware GPU \| all \| none was measured; .*/m);
  assert.not.match(markdownReport(hardware), /a hardware GPU/);
});

test('the charts are one SVG with a bar for each number', async () => {
  const svg = await benchCharts(rows);
  assert.is(svg.match(/<svg /g)?.length, 4, 'a chart for each part, in one picture');
  for (const text of ['matmul 8 x 8 x 8', '25.0 %', 'A | B &lt;1&gt; (cpu)', 'ResNet50 training: first step'])
    assert.ok(svg.includes(text), text);
  const [, width, height] = /^<svg [^>]*width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  assert.ok(Number(width) > 400 && Number(height) > 300, `${width} x ${height}`);
  assert.match(await benchCharts([]), /^<svg .*<\/svg>\n$/);
});

test.run();
