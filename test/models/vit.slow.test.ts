/** Large vision Transformers against torchvision's logits, and twenty steps of AdamW of the small one. */
import { openCpu } from '#src/device/cpu/node';
import { vitB16, vitB32, vitL16 } from '#src/models/vit';
import { vitSmall } from '#src/models/vit-small';
import { backward } from '#src/ops/backward';
import { FUSIONS } from '#src/ops/fusions';
import { crossEntropy } from '#src/ops/loss/cross-entropy';
import { adamW } from '#src/optim/adam';
import { Device } from '#src/program/device';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import { assertNear, LABELS, loadFormula, VIT_EXPECTED, vitImages } from './vit-support.js';

const CASES = [
  { create: vitB32, precision: 'float64', share: 1e-12 },
  { create: vitB16, precision: 'float64', share: 1e-12 },
  { create: vitB32, precision: 'float32', share: 1e-5 },
  { create: vitB16, precision: 'float32', share: 1e-5 },
  { create: vitL16, precision: 'float32', share: 1e-5 },
] as const;

for (const { create, precision, share } of CASES) {
  const model = create();
  const { architecture } = model;
  test(`${architecture} computes torchvision’s logits in ${precision}`, async () => {
    const device = new Device(await openCpu({ precision }), FUSIONS);
    await loadFormula(model);
    await model.to(device);
    const logits = await device.run(() => model.forward(vitImages(1, 224)));
    const error = assertNear(logits, VIT_EXPECTED[architecture as 'vit_b_16'].logits, share);
    console.log(`# ${architecture}, ${precision}: ${error.toExponential(1)} of the largest`);
    model.close();
    await device.close();
  });
}

test('twenty steps of AdamW have PyTorch’s losses', async () => {
  const device = new Device(await openCpu({ precision: 'float64' }), FUSIONS);
  const model = vitSmall();
  await loadFormula(model);
  await model.to(device);
  const parameters = model.memory.parameters;
  const lr = 1e-4;
  const groups = [
    { name: 'weights', parameters: parameters.filter(({ decay }) => decay), lr, weightDecay: 0.05 },
    { name: 'others', parameters: parameters.filter(({ decay }) => !decay), lr, weightDecay: 0 },
  ];
  const optimizer = adamW(model.memory, { groups });
  const losses: number[] = [];
  for (const _ of VIT_EXPECTED['vit-small'].losses) {
    const loss = await device.run(() => {
      const logits = model.forward(vitImages(LABELS.length, 32));
      const result = crossEntropy(logits, tensor(Int32Array.from(LABELS), [LABELS.length]));
      backward(result);
      return result;
    });
    losses.push(loss as number);
    await device.run(() => {
      optimizer.step();
      optimizer.zeroGradients();
    });
  }
  assertNear(losses, VIT_EXPECTED['vit-small'].losses, 1e-6);
  model.close();
  await device.close();
});

test.run();
