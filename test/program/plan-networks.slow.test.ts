/** Plans of whole networks, which nobody runs: their memory beside the least that any plan could do with. */
import {
  argmax,
  backward,
  crossEntropy,
  generator,
  mobilenetV2,
  normalizeImages,
  resnet50,
  tensor,
} from '#src/index';
import type { Network } from '#src/models/network';
import { FUSIONS } from '#src/ops/fusions';
import { RECOMPUTABLE } from '#src/ops/recomputable';
import { Device, type ProgramStatistics } from '#src/program/device';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fakeBackend } from './fake-backend.js';

const SIDE = 224;
/** The most memory of a plan, as a multiple of its lower bound. */
const MOST = 1.15;
const MIB = 2 ** 20;

function program(model: Network, batch: number, trains: boolean) {
  const bytes = tensor(new Uint8Array(batch * SIDE * SIDE * 3), [batch, SIDE, SIDE, 3], 'uint8');
  const images = normalizeImages(bytes, [0.5, 0.5, 0.5], [0.25, 0.25, 0.25]);
  if (!trains) return model.forward(images);
  const logits = model.forward(images, { random: generator(1) });
  const loss = crossEntropy(logits, tensor(new Int32Array(batch), [batch]));
  backward(loss);
  return [loss, argmax(logits)];
}

const NETWORKS = { resnet50, mobilenetV2 };

for (const [name, create] of Object.entries(NETWORKS)) {
  for (const inPlace of [true, false]) {
    const where = inPlace ? 'as on the CPU device' : 'as on WebGPU';
    test(`${name} ${where}: plans within 15 % of the lower bound, and low memory takes less`, async () => {
      const plans: Record<string, ProgramStatistics> = {};
      for (const memory of ['normal', 'low']) {
        const device = new Device(
          fakeBackend(inPlace),
          FUSIONS,
          false,
          memory === 'low' ? RECOMPUTABLE : new Set(),
        );
        const model = create();
        await model.to(device);
        for (const batch of [2, 8])
          for (const trains of [true, false]) {
            const plan = await device.prepare(() => program(model, batch, trains));
            const what = `${trains ? 'training' : 'inference'} of ${batch}, memory ${memory}`;
            plans[what] = plan;
            const ratio = plan.peakBytes / plan.lowerBoundBytes;
            console.log(
              `# ${what}: ${(plan.peakBytes / MIB).toFixed(1)} MiB, ${ratio.toFixed(3)} x the bound`,
            );
            assert.ok(plan.peakBytes >= plan.lowerBoundBytes);
            assert.ok(ratio <= MOST, `${what}: ${ratio}`);
          }
      }
      for (const batch of [2, 8]) {
        const [normal, low] = ['normal', 'low'].map(
          (memory) => plans[`training of ${batch}, memory ${memory}`]!,
        );
        assert.ok(low!.peakBytes < 0.9 * normal!.peakBytes, `batch ${batch}`);
        assert.ok(low!.launches < 1.1 * normal!.launches, 'few launches are repeated');
        const inference = ['normal', 'low'].map((memory) => plans[`inference of ${batch}, memory ${memory}`]);
        assert.equal(inference[0], inference[1], 'nothing lies idle in a forward pass alone');
      }
    });
  }
}

test.run();
