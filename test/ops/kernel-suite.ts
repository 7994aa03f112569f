/** Every variant of every kernel on a device against float64, over random attributes, with counts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Backend } from '#src/device/backend';
import { conformed, type TypedArray } from '#src/device/dtype';
import type { BufferRange, Kernel } from '#src/device/kernel';
import { type KernelName, kernels } from '#src/ops/kernels';
import type { Device } from '#src/program/device';
import { assertSameSet } from '../same-set.js';
import { withGuards, withMoreWorkgroups } from './guards.js';
import { type Instance, instances, TESTED_ELSEWHERE } from './kernel-instances.js';
import { assertClose, assertSameBytes, cpuDevice, float32Tolerance, Random } from './support.js';

const TIMES = 20;

/** Registers one test per kernel, and one that prints how often each variant ran. */
export function testKernels(on: string, open: () => Promise<Device>): void {
  const counts = new Map<string, number>();
  const unsupported: string[] = [];
  let seed = 1000;
  for (const [name, kernel] of Object.entries(kernels) as [KernelName, Kernel][]) {
    if (TESTED_ELSEWHERE.includes(name)) continue;
    const random = new Random(seed++);
    test(`${name} on ${on} agrees with float64 over random shapes`, async () => {
      const { backend } = await open();
      const { traits } = backend;
      const { backend: judge } = await cpuDevice('float64');
      // Gate and loss scale are one workgroup, which asks for no index.
      const longer = ['gradientGate', 'lossScale'].includes(name) ? kernel : withMoreWorkgroups(kernel);
      for (const [variant, { supports }] of Object.entries(kernel.shader.variants)) {
        const key = `${name}.${variant}`;
        if (traits !== null && supports?.(traits) === false) {
          unsupported.push(key);
          continue;
        }
        const make = instances.get(key);
        assert.ok(make, `${key} has instances in kernel-instances.ts`);
        for (let time = 0; time < TIMES; time++) {
          const instance = withGuards(make(random));
          const where = `${key} ${JSON.stringify(instance.attributes)}`;
          compare(
            await launch(backend, chosen(longer, variant), instance),
            await launch(judge, kernel, instance),
            instance,
            where,
          );
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
      }
    });
  }
  test(`every variant on ${on} ran at least ${TIMES} times`, () => {
    const least = Math.min(...counts.values());
    console.log(`# ${on}, at least ${least} uses of each variant: ${[...counts.keys()].join(', ')}`);
    if (unsupported.length > 0) console.log(`# not run, for this adapter cannot: ${unsupported.join(', ')}`);
    const remedy = 'its variants are those of src/ops/kernels.ts, the instances those of kernel-instances.ts';
    assertSameSet([...counts.keys(), ...unsupported], instances.keys(), remedy);
    assert.ok(least >= TIMES);
  });
}

/** The kernel with its choice made. */
export function chosen(kernel: Kernel, variant: string): Kernel {
  return { ...kernel, shader: { ...kernel.shader, choose: () => variant } };
}

/** One launch on fresh memory; what every operand holds afterwards. */
export async function launch(backend: Backend, kernel: Kernel, instance: Instance): Promise<TypedArray[]> {
  const ranges = instance.operands.map((operand): BufferRange | null => {
    if (operand === null) return null;
    const { dtype, values } = operand;
    const buffer = backend.allocate(Math.max(4, values.length * backend.elementBytes(dtype)));
    const range = { buffer, dtype, offset: 0, length: values.length };
    if (values.length > 0)
      backend.write(range, conformed(Float64Array.from(values), dtype, backend.precision));
    return range;
  });
  const present = ranges.filter((range) => range !== null);
  const prepared = await backend.prepare([{ kernel, attributes: instance.attributes, operands: ranges }]);
  const results = await backend.execute(prepared, [], instance.step ?? [], present);
  backend.discard(prepared);
  for (const { buffer } of present) backend.release(buffer);
  return results;
}

function compare(
  found: TypedArray[],
  expected: TypedArray[],
  { exact, bytes, terms = 1 }: Instance,
  where: string,
): void {
  assert.is(found.length, expected.length);
  expected.forEach((values, i) => {
    const operand = `${where}, operand ${i}`;
    const tolerance = exact ? { absolute: 0, relative: 0 } : float32Tolerance(values, terms);
    if (bytes && values instanceof Uint8Array) assertSameBytes(found[i], values, operand);
    else assertClose(found[i], values, tolerance, operand);
  });
}
