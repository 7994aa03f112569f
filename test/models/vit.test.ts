/** Vision Transformers: torchvision's tensors, logits and gradients; other sizes of images; parts for freezing and rates. */
import { openCpu } from '#src/device/cpu/node';
import { AttuneError } from '#src/errors';
import { detectArchitecture } from '#src/models/detect';
import { findModel } from '#src/models/registry';
import { modelTensors } from '#src/models/naming';
import { vitB16 } from '#src/models/vit';
import { vitSmall } from '#src/models/vit-small';
import { countParameters } from '#src/nn/freeze';
import { setStochasticDepth } from '#src/nn/stochastic-depth';
import { gradients } from '#src/ops/backward';
import { FUSIONS } from '#src/ops/fusions';
import { crossEntropy } from '#src/ops/loss/cross-entropy';
import { multiply } from '#src/ops/pointwise/multiply';
import { sum } from '#src/ops/reduce/sum';
import { transpose } from '#src/ops/shape/transpose';
import { Device } from '#src/program/device';
import { record } from '#src/program/recording';
import { generator } from '#src/tensor/philox';
import { type Tensor, tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formulaValues } from './formula.js';
import { assertNear, LABELS, loadFormula, VIT_EXPECTED, vitImages } from './vit-support.js';

/** A model's tensors in PyTorch's layout. */
function tensorsOf(model: ReturnType<typeof vitSmall>): [string, ...number[]][] {
  return Array.from(model.namedArrays(), ({ name, array, owner, field }) => {
    const axes = owner.torchAxes(field) ?? array.shape.map((_, d) => d);
    return [name, ...axes.map((axis) => array.shape[axis]!)];
  });
}

test('vision Transformers have torchvision’s tensors, in its order', () => {
  for (const [name, { parameters, tensors }] of Object.entries(VIT_EXPECTED)) {
    const model = findModel(name).create({ classes: name === 'vit-small' ? 10 : 1000 });
    assert.equal(countParameters(model), { total: parameters, trainable: parameters }, name);
    assert.equal(tensorsOf(model as ReturnType<typeof vitSmall>), tensors, name);
  }
});

test('the small one computes torchvision’s logits to 1e-12 and its gradients to 1e-9', async () => {
  const device = new Device(await openCpu({ precision: 'float64' }), FUSIONS);
  const model = vitSmall();
  await loadFormula(model);
  await model.to(device);
  const expected = VIT_EXPECTED['vit-small'];
  const { logits, sums, resized } = await device.run(() => {
    const logits = model.forward(vitImages(LABELS.length, 32));
    const loss = crossEntropy(logits, tensor(Int32Array.from(LABELS), [LABELS.length]));
    const named = [...model.namedArrays()];
    const found = gradients(
      loss,
      named.map(({ array }) => array),
    );
    const sums = found.flatMap((gradient, i) => {
      const { name, owner, field, array } = named[i]!;
      const axes = owner.torchAxes(field) ?? array.shape.map((_, d) => d);
      const theirs = transpose(gradient, axes);
      return [1, 2].map((n) =>
        sum(multiply(theirs, tensor(formulaValues(`${name} ${n}`, theirs.shape), theirs.shape))),
      );
    });
    return { logits, sums, resized: model.forward(vitImages(LABELS.length, 48)) };
  });
  assertNear(logits, expected.logits, 1e-12);
  assertNear(sums as number[], Object.values(expected.gradients).flat(), 1e-9);
  // torchvision's way to other sizes has its positions by a cubic as well.
  assertNear(resized, expected.resized, 1e-9);
  model.close();
  await device.close();
});

test('images need not be square, and their sides are multiples of a patch', async () => {
  const device = new Device(await openCpu({ threads: 1 }), FUSIONS);
  const model = vitSmall({ classes: 3 });
  await model.to(device);
  record(() => {
    const x = tensor(new Float32Array(24 * 40 * 3), [1, 24, 40, 3]);
    assert.equal(model.features(x, { as: 'sequence' }).shape, [1, 1 + 6 * 10, 128]);
    assert.equal(model.features(x).shape, [1, 128]);
    assert.equal(model.forward(x).shape, [1, 3]);
    const uneven = () => model.forward(tensor(new Float32Array(30 * 32 * 3), [1, 30, 32, 3]));
    assert.throws(uneven, /are not made of patches of 4 x 4 pixels/);
    assert.throws(() => model.features(x, { as: 'map' }), /no features as map/);
  });
  model.close();
  await device.close();
  assert.throws(
    () => vitB16({ imageSize: 230 }),
    (error: unknown) => error instanceof AttuneError && error.code === 'usage',
  );
});

test('files tell the network and the size that its positions are for, by torchvision’s names old and new', () => {
  const entriesOf = (model: ReturnType<typeof vitSmall>, rename = (name: string) => name) =>
    tensorsOf(model).map(([name, ...shape]) => ({
      name: rename(name),
      dtype: 'F32',
      shape,
      read: async () => new Float32Array(0),
    }));
  const found = (entries: ReturnType<typeof entriesOf>) =>
    detectArchitecture(modelTensors({ layout: 'pytorch', tensors: entries as never }));
  const old = (name: string) => name.replace(/mlp\.([03])/, (_, i) => `mlp.linear_${i === '0' ? 1 : 2}`);
  const usual = { classes: 1000, supported: true, options: {} };
  assert.equal(found(entriesOf(vitB16())), { name: 'vit_b_16', ...usual });
  assert.equal(found(entriesOf(vitB16(), old)), { name: 'vit_b_16', ...usual });
  const larger = { ...usual, options: { imageSize: 384 } };
  assert.equal(found(entriesOf(vitB16({ imageSize: 384 }))), { name: 'vit_b_16', ...larger });
  const small = { classes: 10, supported: true, options: { imageSize: 64 } };
  assert.equal(found(entriesOf(vitSmall({ imageSize: 64 }))), { name: 'vit-small', ...small });
  const renamed = modelTensors({ layout: 'pytorch', tensors: entriesOf(vitB16(), old) as never });
  assert.equal(
    renamed.map(({ name }) => name),
    tensorsOf(vitB16()).map(([name]) => name),
  );
});

test('blocks have rates of their own, and groups of them join one after another', () => {
  const model = vitB16();
  const blocks = Array.from({ length: 12 }, (_, i) => `encoder.layers.encoder_layer_${i}`);
  const stem = ['class_token', 'conv_proj', 'encoder.pos_embedding'];
  assert.equal(model.layerNames(), [...stem, ...blocks, 'encoder.ln', 'heads.head']);
  assert.equal(model.layerBlocks()[0], { name: 'conv_proj', layers: stem });
  assert.equal(
    model.layerBlocks().flatMap(({ layers }) => layers),
    model.layerNames(),
  );
  assert.equal(
    model.layerGroups().map(({ layers }) => layers.length),
    [3, 3, 3, 3, 4],
  );
  assert.is(model.layerGroups().at(-1)?.layers.at(-1), 'encoder.ln');
  assert.is(setStochasticDepth(model, 0.1), 24);
  const decaying = new Set(model.parameters().filter(({ decay }) => decay));
  const kept = Array.from(model.namedParameters()).filter(([, parameter]) => !decaying.has(parameter));
  assert.ok(kept.every(([name]) => /bias$|ln(?:_[12])?\.weight$|class_token$|pos_embedding$/.test(name)));
  assert.ok(kept.some(([name]) => name === 'encoder.pos_embedding'));
});

test('what dropout is asked for is dropped in a pass that trains, and nothing else', async () => {
  const device = new Device(await openCpu({ threads: 1 }), FUSIONS);
  const dropped = async (options: Parameters<typeof vitSmall>[0]) => {
    const model = await vitSmall(options).to(device);
    const { result } = record(() => {
      const x = tensor(new Float32Array(32 * 32 * 3), [1, 32, 32, 3]);
      const found = new Map<Tensor, string>();
      const visit = (y: Tensor): void => {
        if (y.node === null || found.has(y)) return;
        found.set(y, y.node.operation.name);
        for (const input of y.node.inputs) visit(input);
      };
      visit(model.forward(x, { random: generator(1) }));
      return [...found.values()].filter((name) => name === 'dropout').length;
    });
    model.close();
    return result;
  };
  assert.is(await dropped({}), 0);
  // Behind the positions; in each block behind attention and both linear layers.
  assert.is(await dropped({ dropout: 0.1 }), 1 + 6 * 3);
  assert.is(await dropped({ attentionDropout: 0.1 }), 6);
  await device.close();
});

test.run();
