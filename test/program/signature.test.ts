/** Which recordings are one program: all that a plan depends on tells them apart, what changes from run to run does not. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '#src/engine/open';
import { add } from '#src/ops/pointwise/add';
import { sum } from '#src/ops/reduce/sum';
import { tanh } from '#src/ops/pointwise/tanh';
import { transpose } from '#src/ops/shape/transpose';
import type { DType } from '#src/device/dtype';
import type { Kernel, Plain } from '#src/device/kernel';
import { type Recording, record } from '#src/program/recording';
import { Signature } from '#src/program/signature';
import { stateStorage } from '#src/program/storage';
import { tensor } from '#src/tensor/tensor';

const kernelNamed = (name: string): Kernel => ({
  name,
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'read', optional: true },
    { name: 'out', access: 'write' },
  ],
  shader: { variants: {}, choose: () => '', words: () => [] },
  cpu: { units: () => 0, run: () => {} },
});
const kernels = [kernelNamed('first'), kernelNamed('second')];
const range = { buffer: { id: 1, bytes: 64 }, dtype: 'float32', offset: 0, length: 4 } as const;
const states = [stateStorage(range), stateStorage(range)];

interface Program {
  kernel?: Kernel;
  attributes?: Plain;
  dtype?: DType;
  length?: number;
  /** What the second launch reads beside the first one's result. */
  second?: 'input' | 'first' | 'nothing' | 0 | 1;
  unread?: boolean;
  data?: number;
  returned?: readonly number[];
  launches?: number;
}

function recorded(program: Program) {
  const { kernel = kernels[0], attributes = { axes: [0, 1], mode: 'same', epsilon: 1e-5 } } = program;
  const { dtype = 'float32', length = 4, second = 'input', unread = false, data = 0 } = program;
  let made: Recording['launches'] = [];
  const { recording } = record(() => {
    const { recording: open } = tensor([0], [1]);
    const input = open.input(dtype, new Float32Array(length).fill(data));
    if (unread) open.input('float32', new Float32Array(1));
    const first = open.temporary('float32', 4);
    open.launch(kernel, attributes, [input, null, first]);
    const choice = { input, first, nothing: null };
    for (let i = 1; i < (program.launches ?? 2); i++) {
      const operand = typeof second === 'number' ? states[second] : choice[second];
      open.launch(kernels[0], {}, [first, operand, open.temporary('float32', 4)]);
    }
    made = open.launches;
  });
  const returned = (program.returned ?? [1]).map((launch) => made[launch].operands[2]!);
  return [recording, returned] as const;
}

const same = (a: Program, b: Program) => new Signature(...recorded(a)).matches(...recorded(b));

const attributes = (change: Record<string, Plain>): Program => ({
  attributes: { axes: [0, 1], mode: 'same', epsilon: 1e-5, ...change },
});

const programs: Record<string, Program> = {
  plain: {},
  'another kernel': { kernel: kernels[1] },
  'another text': attributes({ mode: 'valid' }),
  'a number that differs in its last bit': attributes({ epsilon: 1e-5 * (1 + 2 ** -52) }),
  'a number in a list': attributes({ axes: [0, 2] }),
  'a list that ends sooner': attributes({ axes: [0] }),
  'a list that goes on': attributes({ axes: [0, 1, 2] }),
  'numbers by key': attributes({ axes: { 0: 0, 1: 1 } }),
  'one attribute more': attributes({ more: false }),
  'one attribute less': { attributes: { axes: [0, 1], mode: 'same' } },
  'an attribute of another name': { attributes: { axes: [0, 1], mode: 'same', eps: 1e-5 } },
  'a number in place of a text': attributes({ mode: 1 }),
  'a text of that number': attributes({ mode: '1' }),
  null: attributes({ mode: null }),
  'not a number': attributes({ mode: Number.NaN }),
  zero: attributes({ mode: 0 }),
  'minus zero': attributes({ mode: -0 }),
  false: attributes({ mode: false }),
  'an object': attributes({ mode: {} }),
  'an empty list': attributes({ mode: [] }),
  nested: attributes({ mode: { deep: [{ value: 1 }] } }),
  'nested otherwise': attributes({ mode: { deep: [{ value: 2 }] } }),
  'another dtype': { dtype: 'int32' },
  'another length': { length: 5 },
  'other wiring': { second: 'first' },
  'an absent operand': { second: 'nothing' },
  'a state': { second: 0 },
  'another state over the same memory': { second: 1 },
  'an input that nothing reads': { unread: true },
  'a launch more': { launches: 3 },
  'a launch less': { launches: 1, returned: [0] },
  'another value returned': { returned: [0] },
  'two values returned': { returned: [0, 1] },
  'two in the other order': { returned: [1, 0] },
  'nothing returned': { returned: [] },
};

test('what differs in one attribute, type, size, operand, state or returned value is another program', () => {
  const entries = Object.entries(programs);
  for (const [name, program] of entries) {
    for (const [other, another] of entries) {
      assert.is(same(program, another), name === other, `${name}, ${other}`);
    }
  }
});

test('host data and the order of keys change no program', () => {
  assert.ok(same({ data: 1 }, { data: 2 }));
  assert.ok(same({}, { attributes: { epsilon: 1e-5, mode: 'same', axes: [0, 1] } }));
});

test('a plan does not take attributes that were changed behind it for its own', async () => {
  const device = await open('cpu', { precision: 'float64' });
  const permutation = [0, 1];
  const run = async () => [...(await device.run(() => transpose(tensor([1, 2, 3, 4], [2, 2]), permutation)))];
  assert.equal(await run(), [1, 2, 3, 4]);
  permutation.reverse();
  assert.equal(await run(), [1, 3, 2, 4]);
  const axes = [0];
  const total = async () => [...(await device.run(() => sum(tensor([1, 2, 3, 4], [2, 2]), axes)))];
  assert.equal(await total(), [4, 6]);
  axes[0] = 1;
  assert.equal(await total(), [3, 7]);
  await device.close();
});

test('a plan keeps none of the data that its first run was given', () => {
  const { recording, result } = record(() => tanh(add(tensor(new Float32Array(1000), [1000]), 1)));
  const { length } = JSON.stringify(new Signature(recording, [result.storage]));
  assert.ok(length < 2000, `the 1000 numbers are not among ${length} characters`);
});

test.run();
