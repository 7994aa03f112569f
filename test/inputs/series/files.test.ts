/** Files of series: what is read, and what is refused with a reason. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttuneError } from '#src/errors';
import { Pauses } from '#src/pauses';
import { findModel } from '#src/models/index';
import { parseNpy } from '#src/inputs/series/npy';
import { parseSeriesCsv } from '#src/inputs/series/series-csv';
import { readSeries } from '#src/inputs/series/series';
import { measureSeries, parseSeriesSettings, toInput } from '#src/inputs/series/settings';
import { lineChart } from '#src/inputs/line-chart';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { floatsNpy, headerOf, npyOf } from './series-support.js';

const folder = mkdtempSync(join(tmpdir(), 'attune-series-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

function written(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** The reason why something is refused. */
function reason(code: string, action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.instance(error, AttuneError);
    assert.is((error as AttuneError).code, code);
    return (error as AttuneError).message;
  }
  throw new Error('nothing was refused');
}

async function rejection(code: string, promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  return reason(code, () => {
    if (outcome !== null) throw outcome;
  });
}

/** Bytes of numbers that a DataView sets, in one order or the other. */
function bytesOf(
  size: number,
  values: readonly number[],
  set: (view: DataView, at: number, value: number) => void,
) {
  const view = new DataView(new ArrayBuffer(size * values.length));
  for (const [i, value] of values.entries()) set(view, i * size, value);
  return new Uint8Array(view.buffer);
}

test('NPY files of every version, order and type of number are read', () => {
  const values = [1, -2, 3, 4, 5, 6];
  const whole = [1, 2, 3, 4, 5, 6];
  const cases: [descr: string, data: Uint8Array, expected: readonly number[]][] = [
    ['<f4', bytesOf(4, values, (view, at, value) => view.setFloat32(at, value, true)), values],
    ['>f4', bytesOf(4, values, (view, at, value) => view.setFloat32(at, value)), values],
    ['<f8', bytesOf(8, values, (view, at, value) => view.setFloat64(at, value, true)), values],
    ['>f8', bytesOf(8, values, (view, at, value) => view.setFloat64(at, value)), values],
    ['|i1', bytesOf(1, values, (view, at, value) => view.setInt8(at, value)), values],
    ['<i2', bytesOf(2, values, (view, at, value) => view.setInt16(at, value, true)), values],
    ['>i4', bytesOf(4, values, (view, at, value) => view.setInt32(at, value)), values],
    ['<i8', bytesOf(8, values, (view, at, value) => view.setBigInt64(at, BigInt(value), true)), values],
    ['|u1', bytesOf(1, whole, (view, at, value) => view.setUint8(at, value)), whole],
    ['>u2', bytesOf(2, whole, (view, at, value) => view.setUint16(at, value)), whole],
    ['<u4', bytesOf(4, whole, (view, at, value) => view.setUint32(at, value, true)), whole],
    ['>u8', bytesOf(8, whole, (view, at, value) => view.setBigUint64(at, BigInt(value))), whole],
  ];
  for (const [descr, data, expected] of cases) {
    for (const version of [
      [1, 0],
      [2, 0],
      [3, 0],
    ] as const) {
      const {
        steps,
        channels,
        values: found,
      } = parseNpy(npyOf(headerOf(descr, '(3, 2)'), data, version), 'a.npy');
      assert.equal([steps, channels, [...found]], [3, 2, expected], `${descr} ${version}`);
    }
  }
  const { steps, channels } = parseNpy(floatsNpy([1, 2, 3]), 'a.npy');
  assert.equal([steps, channels], [3, 1]);
});

test('NPY files that are not plain arrays of numbers are refused, whatever their headers say', () => {
  const four = new Uint8Array(16);
  const cases: [bytes: Uint8Array, words: RegExp][] = [
    [Buffer.from('1,2,3 is no NPY file'), /this is no NPY file/],
    [npyOf(headerOf('<f4', '(4,)'), four, [9, 0]), /version 9\.0/],
    [npyOf(headerOf('<f4', '(2, 2)', 'True'), four), /order of Fortran/],
    [npyOf(headerOf('|O', '(4,)'), four), /type \|O/],
    [npyOf(headerOf('<c8', '(2,)'), four), /type <c8/],
    [npyOf(headerOf('|f4', '(4,)'), four), /type \|f4/],
    [npyOf(headerOf('<U1', '(4,)'), four), /type <U1/],
    [npyOf(headerOf('<f4', '()'), four), /0 axes/],
    [npyOf(headerOf('<f4', '(1, 2, 2)'), four), /3 axes/],
    [npyOf(headerOf('<f4', '(5,)'), four), /should have 20 bytes and has 16/],
    [npyOf(headerOf('<f4', '(999999999999, 999999999999)'), four), /should have .* and has 16/],
    [npyOf(headerOf('<f4', '(-4,)'), four), /header is not that of an array/],
    [npyOf(headerOf('<f4', '__import__("os").system("ls")'), four), /header is not that of an array/],
    [npyOf(`${headerOf('<f4', '(4,)')} + exit()`, four), /header is not that of an array/],
    [npyOf(`{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,), }`, four), /header is not that/],
    [npyOf(`{'descr': '<f4', 'shape': (4,), }`, four), /header is not that/],
    [npyOf(headerOf('<f4', `(${'1, '.repeat(5000)})`), four, [2, 0]), /its header is said to have \d+ bytes/],
    [npyOf(headerOf('<f4', '(4,)'), four).subarray(0, 30), /its header is said to have/],
  ];
  for (const [bytes, words] of cases)
    assert.match(
      reason('input', () => parseNpy(bytes, 'a.npy')),
      words,
    );
  const large = bytesOf(8, [0], (view, at) => view.setBigInt64(at, 2n ** 60n, true));
  assert.match(
    reason('input', () => parseNpy(npyOf(headerOf('<i8', '(1,)'), large), 'a.npy')),
    /number 0 is too large/,
  );
});

test('CSV files are read with names above the numbers and without', async () => {
  const read = async (text: string) => {
    const { steps, channels, values } = await parseSeriesCsv(Buffer.from(text), 'a.csv', new Pauses());
    return [steps, channels, [...values]];
  };
  assert.equal(await read('x,y\r\n1, 2\r\n-3.5,4e1\r\n'), [2, 2, [1, 2, -3.5, 40]]);
  assert.equal(await read('1\n2\n\n3'), [3, 1, [1, 2, 3]]);
  assert.equal(await read(''), [0, 0, []]);
  const refused = (text: string | Uint8Array) =>
    rejection('input', parseSeriesCsv(Buffer.from(text), 'a.csv', new Pauses()));
  assert.match(await refused('x,y\n1,2\n3\n'), /line 3 has 1 numbers, and the first line 2/);
  assert.match(await refused('x\n1\nNaN\n'), /line 3, column 1: "NaN" is no number/);
  assert.match(await refused('x,1\n2,3\n'), /line 1, column 1: "x" is no number/);
  assert.match(await refused('1\n0x10\n'), /line 2, column 1: "0x10"/);
  assert.match(await refused(new Uint8Array([0x31, 0xff])), /no text in UTF-8/);
});

test('a hostile CSV file is refused by its first rows, is not held in pieces, and yields to a signal', async () => {
  const began = process.memoryUsage().heapUsed;
  const commas = Buffer.alloc(20e6, ',');
  assert.match(
    await rejection('input', parseSeriesCsv(commas, 'a.csv', new Pauses())),
    /20000001 channels, more than 1024/,
  );
  const ragged = Buffer.concat([Buffer.from('1,2\n'), commas]);
  assert.match(
    await rejection('input', parseSeriesCsv(ragged, 'a.csv', new Pauses())),
    /line 2 has 20000001 numbers/,
  );
  assert.ok(process.memoryUsage().heapUsed - began < 150e6, 'a string a field takes more');
  const stopped = new Pauses(AbortSignal.abort());
  const rows = Buffer.from('1\n'.repeat(1e6));
  assert.match(
    await rejection('interrupted', parseSeriesCsv(rows, 'a.csv', stopped)),
    /reading was interrupted/,
  );
});

test('a file is refused by what it holds, with its path', async () => {
  const refused = (name: string, bytes: Uint8Array | string) =>
    rejection('input', readSeries(written(name, bytes)));
  assert.match(await refused('empty.csv', 'x,y\n'), /the series has no numbers/);
  assert.match(await refused('inf.csv', '1\n1e999\n'), /step 1 is not finite/);
  assert.match(await refused('nan.npy', floatsNpy([0, Number.NaN])), /step 1 is not finite/);
  assert.match(await refused('wide.csv', `${'1,'.repeat(1024)}1\n`), /1025 channels, more than 1024/);
  assert.match(await rejection('input', readSeries(join(folder, 'none.csv'))), /there is no such series/);
  assert.match(await rejection('input', readSeries(folder)), /this is not a file/);
});

test('settings are measured: the longest, and mean and deviation of each channel', async () => {
  const network = findModel('series-small');
  const paths = [
    written('a.csv', '1,5\n3,5\n'),
    written('b.csv', '2,5\n2,5\n2,5\n'),
    written('c.csv', 'broken,5\n1,x\n'),
  ];
  const settings = await measureSeries({ network, preprocessing: null, samples: paths });
  assert.equal([settings.length, settings.channels, settings.mean], [3, 2, [2, 5]]);
  // A channel that never changes is divided by 1.
  assert.ok(Math.abs(settings.std[0]! - Math.sqrt(2 / 5)) < 1e-12);
  assert.is(settings.std[1], 1);
  const series = await readSeries(paths[0]!);
  const filled = toInput(series, settings, 'a.csv');
  assert.equal([...filled.slice(2)].map(Math.abs), [Math.fround(1 / settings.std[0]!), 0, 0, 0]);
  const cut = toInput({ steps: 4, channels: 2, values: new Float32Array(8).fill(2) }, settings, 'a.csv');
  assert.equal([...cut], [0, -3, 0, -3, 0, -3]);
  assert.match(
    reason('input', () => toInput({ ...series, channels: 1 }, settings, 'a.csv')),
    /1 channels, and the network takes 2/,
  );
  const measure = (samples: readonly string[] | null) =>
    measureSeries({ network, preprocessing: null, samples });
  const other = written('d.csv', '1\n2\n');
  const message = await rejection('data', measure([paths[0]!, other]));
  assert.match(message, /the series has 1 channels, and .*a\.csv has 2 \(.*d\.csv\)/);
  assert.match(await rejection('data', measure([paths[2]!])), /none of the 1 training series can be read/);
  assert.match(await rejection('usage', measure(null)), /series-small takes series/);
});

test('settings of a file that may hold anything are checked', () => {
  const good = { length: 3, channels: 1, mean: [0], std: [1] };
  assert.equal(parseSeriesSettings(good, 'a'), good);
  for (const wrong of [
    { length: 0 },
    { length: 1e9 },
    { channels: 2 },
    { std: [0] },
    { mean: ['0'] },
    { more: 1 },
  ])
    assert.match(
      reason('input', () => parseSeriesSettings({ ...good, ...wrong }, 'a')),
      /settings of series are wrong at/,
    );
});

test('a chart has a line for each channel', () => {
  const { width, height, pixels } = lineChart(Float32Array.from([0, 1, 1, 0, 2, 1]), 2);
  assert.is(pixels.length, width * height * 3);
  const colors = new Set<string>();
  for (let i = 0; i < pixels.length; i += 3) colors.add(pixels.subarray(i, i + 3).join());
  assert.equal([...colors].sort(), ['214,99,14', '255,255,255', '31,119,180']);
});

test.run();
