/** Training with cheap activations computed again: gradients and weights are those of the plain path, byte by byte. */
import {
  backward,
  convnextTiny,
  crossEntropy,
  efficientnetB0,
  generator,
  mobilenetV2,
  mobilenetV3Small,
  normalizeImages,
  resnetSmall,
  sgd,
  tensor,
} from '#src/index';
import { FUSIONS } from '#src/ops/fusions';
import { RECOMPUTABLE } from '#src/ops/recomputable';
import { Device } from '#src/program/device';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const BATCH = 4;
const SIDE = 32;
/** Of networks whose weights alone are most of the memory of a step with small images. */
const LARGE_SIDE = 96;
const CLASSES = 5;
/** The plan is made at the first; it is what runs from the second on. */
const STEPS = 3;

const NETWORKS = { resnetSmall, mobilenetV2, mobilenetV3Small, efficientnetB0, convnextTiny };
const LARGE: readonly string[] = ['mobilenetV3Small', 'efficientnetB0', 'convnextTiny'];

async function train(device: Device, name: keyof typeof NETWORKS) {
  const model = NETWORKS[name]({ classes: CLASSES, seed: 3 });
  await model.to(device);
  const optimizer = sgd(model.memory, { lr: 0.05, momentum: 0.9 });
  const random = generator(7);
  const bytes: Record<string, Buffer> = {};
  const note = (what: string, values: ArrayBufferView) => {
    bytes[what] = Buffer.from(
      Uint8Array.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
    );
  };
  const side = LARGE.includes(name) ? LARGE_SIDE : SIDE;
  let peak = 0;
  for (let step = 0; step < STEPS; step++) {
    random.step = step;
    const images = Uint8Array.from({ length: BATCH * side * side * 3 }, (_, i) => ((i + step) * 37) % 253);
    const loss = await device.run(() => {
      const x = normalizeImages(
        tensor(images, [BATCH, side, side, 3], 'uint8'),
        [0.5, 0.5, 0.5],
        [0.25, 0.25, 0.25],
      );
      const logits = model.forward(x, { random });
      const result = crossEntropy(
        logits,
        tensor(
          Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES),
          [BATCH],
        ),
      );
      backward(result);
      return result;
    });
    peak = Math.max(peak, device.lastProgram.peakBytes);
    note(`loss ${step}`, Float64Array.of(loss));
    for (const [path, { gradient }] of model.namedParameters())
      note(`gradient ${step} of ${path}`, await device.read(gradient!));
    await device.run(() => {
      optimizer.step();
      optimizer.zeroGradients();
    });
  }
  for (const [array, values] of await model.readValues())
    note(`array ${array.length} ${Object.keys(bytes).length}`, values);
  optimizer.close();
  model.close();
  return { bytes, peak };
}

export function testLowMemory(where: string, open: () => Promise<Device>): void {
  for (const name of Object.keys(NETWORKS) as (keyof typeof NETWORKS)[]) {
    test(`${where}: ${name} with low memory trains to the same bytes in less memory`, async () => {
      const device = await open();
      const plain = await train(device, name);
      const low = await train(new Device(device.backend, FUSIONS, false, RECOMPUTABLE), name);
      console.log(`# ${name}: ${low.peak} bytes, ${(low.peak / plain.peak).toFixed(2)} of ${plain.peak}`);
      assert.equal(Object.keys(low.bytes), Object.keys(plain.bytes));
      for (const [what, values] of Object.entries(low.bytes))
        assert.ok(values.equals(plain.bytes[what]!), `${what} differs`);
      assert.ok(low.peak < 0.9 * plain.peak);
    });
  }
}
