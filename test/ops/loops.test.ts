/**
 * What threads rely on: a plain loop touches only its operands, and two units of work never change the same
 * element. The loops run on operands with guard values behind them, whole and unit by unit.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TypedArray } from '#src/device/dtype';
import type { Kernel } from '#src/device/kernel';
import { kernels } from '#src/ops/kernels';
import { guardsOf, withGuards } from './guards.js';
import { type Instance, instances, type Make, type Operand } from './kernel-instances.js';
import { randomCase } from './pool/max-pool-gradient-cases.js';
import { Random } from './support.js';

const TIMES = 10;

/** Pooling, whose kernels have cases of their own. */
const pools: readonly [string, Make][] = [
  ['maxPool2d.pool', (random) => pooled(random, false)],
  ['maxPool2dGradient.pool', (random) => pooled(random, true)],
];

let seed = 4000;
for (const [key, make] of [...instances, ...pools]) {
  const kernel = kernels[key.split('.')[0] as keyof typeof kernels];
  const random = new Random(seed++);
  test(`the loop of ${key} stays inside its operands, and each unit inside its part`, () => {
    for (let time = 0; time < TIMES; time++) {
      const plain = make(random);
      const instance = withGuards(plain);
      const where = `${key} ${JSON.stringify(instance.attributes)}`;
      const units = kernel.cpu.units(instance.attributes);
      const before = load(instance);
      const whole = run(kernel, instance, 0, units);
      const joined = load(instance);
      const owners = joined.map((operand) => new Int32Array(operand?.length ?? 0).fill(-1));
      for (let unit = 0; unit < units; unit++) {
        run(kernel, instance, unit, unit + 1).forEach((operand, o) => {
          operand?.forEach((value, i) => {
            if (Object.is(value, before[o]?.[i])) return;
            assert.is(
              owners[o][i],
              -1,
              `${where}: units ${owners[o][i]} and ${unit} change operand ${o} at ${i}`,
            );
            owners[o][i] = unit;
            joined[o]![i] = value;
          });
        });
      }
      assert.equal(joined.map(listed), whole.map(listed), `${where}: units one by one`);
      // Nothing behind the operands is changed, nor does it change anything.
      const exact = run(kernel, plain, 0, units);
      for (const [o, operand] of plain.operands.entries()) {
        if (operand === null) continue;
        const expected = [...listed(exact[o]), ...guardsOf(operand, o)];
        assert.equal(listed(whole[o]), expected, `${where}: operand ${o} with guards`);
      }
    }
  });
}

function pooled(random: Random, gradient: boolean): Instance {
  const { attributes, x, dy } = randomCase(() => random.unit(), random.pick([1, 3, 4]));
  const [image, maxima] = [x, dy].map((values): Operand => ({ dtype: 'float32', values }));
  const room: Operand = { dtype: 'float32', values: new Array(gradient ? x.length : dy.length).fill(7) };
  return { attributes, operands: gradient ? [image, maxima, room] : [image, room] };
}

/** As an array: of typed ones `assert.equal` finds no NaN equal to another. */
const listed = (values: TypedArray | null): number[] => Array.from(values ?? []);
/** The operands on fresh memory; floats in float64. */
function load({ operands }: Instance): (TypedArray | null)[] {
  return operands.map((operand) => {
    if (operand === null) return null;
    return operand.dtype === 'float32' ? Float64Array.from(operand.values) : Int32Array.from(operand.values);
  });
}

/** What the operands hold after units begin <= u < end of the loop. */
function run(kernel: Kernel, instance: Instance, begin: number, end: number): (TypedArray | null)[] {
  const operands = load(instance);
  const step = (instance.step ?? []).map(({ value }) => value);
  // biome-ignore lint/suspicious/noExplicitAny: absent operands are null, as the kernel's bindings say.
  kernel.cpu.run({ attributes: instance.attributes, operands: operands as any, step, begin, end });
  return operands;
}

test.run();
