/**
 * ONNX's own cases of its operators, as far as attune has them: what each node gives, against what its files say. Which cases
 * are not run is counted by reason, and which operations no case reaches.
 */
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { operations } from '#src/ops/operations';
import type { Device } from '#src/program/device';
import type { HostValues } from '#src/program/value';
import type { Tensor } from '#src/tensor/tensor';
import { assertClose } from '../support.js';
import { onnxCalls } from './onnx-calls.js';
import {
  arrayOf,
  CASES,
  NotOffered,
  type OnnxArray,
  type OnnxNode,
  readArray,
  readNode,
} from './onnx-case.js';
import { Given } from './onnx-given.js';

/** The files hold float32, and ONNX's own runner allows 1e-3 of each number. */
const TOLERANCE = { absolute: 1e-6, relative: 1e-5 };

/** Fewer would be cases that went without a word. */
const LEAST = 427;

interface Case {
  readonly name: string;
  readonly node: OnnxNode;
}

/** Registers a test for each operator, and one that counts. */
export function testOnnx(on: string, open: () => Promise<Device>): void {
  if (!existsSync(CASES)) {
    console.log(`# no cases of ONNX in ${CASES}: on Debian or Ubuntu "npm run setup:onnx" installs them`);
    test.skip(`ONNX's cases on ${on}`, () => {});
    return;
  }
  const byOperator = new Map<string, Case[]>();
  const unknown = new Map<string, number>();
  let graphs = 0;
  for (const name of readdirSync(CASES).sort()) {
    const node = readNode(name);
    if (node === null) graphs++;
    else if (onnxCalls.has(node.operator))
      byOperator.set(node.operator, [...(byOperator.get(node.operator) ?? []), { name, node }]);
    else unknown.set(node.operator, (unknown.get(node.operator) ?? 0) + 1);
  }
  const ran = new Map<string, number>();
  const left = new Map<string, number>();
  const reached = new Set<string>();
  for (const [operator, cases] of byOperator) {
    test(`${operator} on ${on} gives what ONNX's cases say`, async () => {
      const device = await open();
      for (const one of cases) {
        try {
          await check(device, one, reached);
          ran.set(operator, (ran.get(operator) ?? 0) + 1);
        } catch (error) {
          if (!(error instanceof NotOffered)) throw error;
          left.set(error.message, (left.get(error.message) ?? 0) + 1);
        }
      }
      assert.ok(ran.has(operator), `no case of ${operator} is run`);
    });
  }
  test(`ONNX's cases that ran on ${on}`, () => {
    const total = [...ran.values()].reduce((a, b) => a + b, 0);
    const reasons = [...left].sort(([, a], [, b]) => b - a).map(([reason, count]) => `${count} ${reason}`);
    const missed = Object.keys(operations).filter((name) => !reached.has(name));
    console.log(`# ${on}: ${total} cases of ${ran.size} operators of ONNX agree`);
    console.log(`# not run, for attune does not offer it: ${reasons.join(', ')}`);
    console.log(`# ${graphs} cases are graphs of several nodes; operators without a call here:`);
    console.log(`# ${[...unknown].map(([operator, count]) => `${count} ${operator}`).join(', ')}`);
    console.log(`# operations that no case of ONNX reaches: ${missed.join(', ')}`);
    assert.ok(total >= LEAST, `${total} cases ran, at least ${LEAST} did before`);
  });
}

/** Runs the node and compares; adds the operations that it is made of to `reached`. */
async function check(device: Device, { name, node }: Case, reached: Set<string>): Promise<void> {
  const byName = new Map<string, OnnxArray>();
  for (const [i, input] of node.files.entries()) byName.set(input, await readArray(name, `input_${i}.pb`));
  const arrays = node.inputs.map((input) => (input === '' ? null : (byName.get(input) ?? null)));
  const bytes = node.attributes.get('value')?.tensor ?? null;
  const given = new Given(node, arrays, bytes === null ? null : await arrayOf(bytes));
  const call = onnxCalls.get(node.operator);
  assert.ok(call, node.operator);
  const shapes: (readonly number[])[] = [];
  const results = await device.run(() => {
    const made = call(given);
    const tensors: readonly Tensor[] = 'storage' in made ? [made] : made;
    for (const tensor of tensors) {
      shapes.push(tensor.shape);
      addOperations(tensor, reached);
      // Indices of topK have no node: a kernel has its operation's name.
      for (const { kernel } of tensor.recording.launches) reached.add(kernel.name);
    }
    return tensors;
  });
  // Calls may leave out outputs behind the first.
  for (const [i, values] of (results as readonly HostValues<Tensor>[]).slice(0, node.outputs).entries()) {
    const expected = await readArray(name, `output_${i}.pb`);
    assert.equal(shapes[i], expected.shape, `${name}: shape of output ${i}`);
    assertClose(values, expected.values, TOLERANCE, `${name}, output ${i}`);
  }
}

/** The operations that the tensor is made of. */
function addOperations({ node }: Tensor, names: Set<string>): void {
  if (node === null) return;
  names.add(node.operation.name);
  for (const input of node.inputs) addOperations(input, names);
}
