/** Element by element commands that take turns: which are joined, and the same bytes as one after another. */
import type { PlacedCommand } from '#src/device/cpu/joined';
import { joinCommands } from '#src/device/cpu/joined';
import { plainCommand, type Slice } from '#src/device/cpu/command';
import { open } from '#src/engine/open';
import { add, exp, log, maximum, multiply, negate, relu, sigmoid, subtract, sum } from '#src/ops/index';
import { kernels, type KernelName } from '#src/ops/kernels';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generator, randomValues } from './cpu-harness.js';

/** Three units of a flat loop, the last of them short. */
const COUNT = 2 * 16_384 + 77;

function placed(name: KernelName, offsets: readonly number[], count = 100, same = true): PlacedCommand {
  const operands = offsets.map((byteOffset): Slice => ({ dtype: 'float32', byteOffset, length: count }));
  const attributes = { count, same, shape: [], stridesA: [], stridesB: [] };
  return { ready: plainCommand(kernels[name], attributes, []), operands };
}

function joined(...commands: PlacedCommand[]): string[] {
  return joinCommands(commands, null).map(({ kernel }) => kernel.name);
}

test('neighbours of one count are joined', () => {
  const [product, total] = [placed('multiply', [0, 400, 800]), placed('add', [800, 1200, 1600])];
  assert.equal(joined(product, total, placed('relu', [1600, 0])), ['multiply, add, relu']);
  assert.equal(joined(product), ['multiply']);
  assert.equal(joined(), []);
});

test('what is not element by element, of another count or repeated stays apart', () => {
  const product = placed('multiply', [0, 400, 800]);
  assert.equal(joined(product, placed('softmax', [800, 1200])), ['multiply', 'softmax']);
  assert.equal(joined(product, placed('relu', [800, 1200], 99)), ['multiply', 'relu']);
  assert.equal(joined(product, placed('add', [800, 1200, 1600], 100, false)), ['multiply', 'add']);
});

test('operands that overlap without being the same stay apart', () => {
  const product = placed('multiply', [0, 400, 800]);
  for (const offset of [796, 804, 1196]) {
    assert.equal(joined(product, placed('relu', [offset, 4000])), ['multiply', 'relu'], `read at ${offset}`);
    assert.equal(
      joined(product, placed('relu', [4000, offset])),
      ['multiply', 'relu'],
      `written at ${offset}`,
    );
  }
  // Against any of the group, not only the last.
  const group = [product, placed('relu', [800, 2000])];
  assert.equal(joined(...group, placed('relu', [2000, 4])), ['multiply, relu', 'relu']);
});

test('a chain gives the bytes of its operations one by one, on 1, 2 and 3 threads', async () => {
  const random = generator(31);
  const values = [1, 2, 3].map(() => randomValues(random, COUNT));
  for (const threads of [1, 2, 3]) {
    const device = await open('cpu', { threads });
    const [a, b, c] = values.map((data) => device.createState([COUNT], 'float32', data));
    const [chain, total] = await device.run(() => {
      const y = subtract(exp(relu(add(multiply(a!, b!), c!))), a!);
      return [y, sum(y)];
    });
    let step = (await device.run(() => multiply(a!, b!))) as Float32Array;
    const next = async (body: (x: ReturnType<typeof device.createState>) => ReturnType<typeof add>) => {
      const state = device.createState([COUNT], 'float32', step);
      step = (await device.run(() => body(state))) as Float32Array;
    };
    await next((x) => add(x, c!));
    await next((x) => relu(x));
    await next((x) => exp(x));
    await next((x) => subtract(x, a!));
    assert.equal(chain, step, `${threads} threads`);
    assert.ok(Number.isFinite(total));
    await device.close();
  }
});

/** Operations of random programs. */
const UNARY = [relu, exp, negate, sigmoid, log];
const BINARY = [add, subtract, multiply, maximum];

test('random programs give the bytes of their operations one by one, whatever lives on', async () => {
  const random = generator(57);
  const below = (n: number) => Math.floor((randomValues(random, 1)[0]! * 0.5 + 0.5) * n) % n;
  for (const [threads, simd] of [
    [1, 'auto'],
    [2, 'auto'],
    [3, 'auto'],
    [2, 'off'],
  ] as const) {
    const device = await open('cpu', { threads, simd });
    for (const count of [1, 5, 511, 512, 1027, 16_384 + 3, COUNT]) {
      const states = [1, 2, 3].map(() => device.createState([count], 'float32', randomValues(random, count)));
      const steps = Array.from({ length: 2 + below(9) }, (_, i) => ({
        operation: below(2) === 0 ? UNARY[below(UNARY.length)]! : BINARY[below(BINARY.length)]!,
        // Mostly the newest values, so that chains are long and results replace operands.
        operands: [0, 1].map(() => Math.max(0, states.length + i - 1 - below(below(2) === 0 ? 1 : 5))),
        returned: below(4) === 0,
      }));
      type Source = Parameters<typeof add>[0];
      const apply = ({ operation, operands }: (typeof steps)[number], values: readonly Source[]) => {
        const [a, b] = operands.map((at) => values[at]!);
        return (operation as (...inputs: readonly Source[]) => ReturnType<typeof add>)(
          ...(UNARY.includes(operation as typeof relu) ? [a!] : [a!, b!]),
        );
      };
      const results = await device.run(() => {
        const values: Source[] = [...states];
        const made = steps.map((one) => {
          const y = apply(one, values);
          values.push(y);
          return y;
        });
        return made.filter((_, i) => steps[i]!.returned || i === steps.length - 1);
      });
      const oneByOne: Float32Array[] = [];
      for (const one of steps) {
        const y = (await device.run(() => apply(one, states))) as Float32Array;
        oneByOne.push(y);
        states.push(device.createState([count], 'float32', y));
      }
      const expected = oneByOne.filter((_, i) => steps[i]!.returned || i === steps.length - 1);
      assert.is(results.length, expected.length);
      for (const [i, result] of results.entries()) {
        assert.equal(
          new Uint32Array((result as Float32Array).buffer),
          new Uint32Array(expected[i]!.buffer),
          `${count} elements, ${threads} threads: ${steps.map(({ operation }) => operation.name)}`,
        );
      }
      for (const state of states) device.releaseState(state);
    }
    await device.close();
  }
});

test.run();
