/** What the gradient of an embedding costs: the table and the indices are read a few times each, not one for the other. */
import type { Kernel } from '#src/device/kernel';
import { gradients } from '#src/ops/backward';
import { sum } from '#src/ops/reduce/sum';
import { embedding } from '#src/ops/shape/embedding';
import { scatterAddKernel } from '#src/ops/shape/gather';
import { orderIndicesKernel } from '#src/ops/shape/order-indices';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cpuDevice, Random } from '../support.js';

const [ROWS, INDICES, COLUMNS] = [900, 700, 3];

/** The array, and how often one of its elements was read. */
function counted(values: Int32Array): { array: Int32Array; reads: () => number } {
  let reads = 0;
  const array = new Proxy(values, {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
      const value = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { array, reads: () => reads };
}

function run<A>({ cpu }: Kernel<A>, attributes: A, operands: readonly unknown[]): void {
  cpu.run({ attributes, operands, step: [], begin: 0, end: cpu.units(attributes) });
}

test('indices are ordered in two looks at each, and an element of the table looks at its own alone', () => {
  const indices = counted(new Random(3).wholes(INDICES, 0, ROWS - 1));
  const order = new Int32Array(ROWS + 1 + INDICES);
  run(orderIndicesKernel, { indices: INDICES, rows: ROWS, wraps: false, skipped: null }, [
    indices.array,
    order,
  ]);
  assert.ok(indices.reads() <= 2 * INDICES, `${indices.reads()} reads of ${INDICES} indices`);
  const ordered = counted(order);
  const y = new Float32Array(ROWS * COLUMNS);
  const attributes = { count: y.length, rows: ROWS, columns: COLUMNS, indices: INDICES };
  run(scatterAddKernel, attributes, [new Float32Array(INDICES * COLUMNS).fill(1), ordered.array, y]);
  assert.ok(ordered.reads() <= 2 * (ROWS + INDICES), `${ordered.reads()} reads`);
  assert.is(
    y.reduce((a, b) => a + b),
    INDICES * COLUMNS,
  );
});

test('the gradient of a table is two launches', async () => {
  const device = await cpuDevice('float32');
  const state = device.createState([2, 3], 'float32', Float32Array.of(1, 2, 3, 4, 5, 6));
  const launches = async (wanted: boolean) => {
    await device.run(() => {
      const y = embedding(state, tensor(Int32Array.of(0, 0, 1, 0), [2, 2]));
      return wanted ? gradients(sum(y), [state]) : sum(y);
    });
    return device.lastProgram.launches;
  };
  // Two more make the gradient of the sum, from a one; the loss itself is not asked for.
  assert.is(await launches(true), 4);
  assert.is(await launches(false), 2);
  device.releaseState(state);
});

test('a single index is a single row, forward and backward', async () => {
  const device = await cpuDevice('float32');
  const [y, slopes] = await device.run(() => {
    const table = tensor([1, 2, 3, 4], [2, 2]);
    const row = embedding(table, tensor(Int32Array.of(1), []));
    assert.equal(row.shape, [2]);
    return [row, ...gradients(sum(row), [table])];
  });
  assert.equal([...(y as Float32Array)], [3, 4]);
  assert.equal([...(slopes as Float32Array)], [0, 0, 1, 1]);
});

test.run();
