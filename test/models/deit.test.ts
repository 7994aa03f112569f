/** The distilled vision Transformers: PyTorch's logits and gradients by Hugging Face's names, and names both ways. */
import { readFileSync } from 'node:fs';
import { openCpu } from '#src/device/cpu/node';
import { deitTi16Distilled } from '#src/models/deit';
import { detectArchitecture } from '#src/models/detect';
import { hubConfigOf, inNamesOf, networkIn, torchStateDict } from '#src/models/export/state-dict';
import { identify } from '#src/models/identify';
import { constantsOfNames, modelTensors } from '#src/models/naming';
import { VisionTransformer } from '#src/models/vit';
import { countParameters } from '#src/nn/freeze';
import { loadStateDict, stateDict, type WeightsEntry } from '#src/nn/state-dict';
import { gradients } from '#src/ops/backward';
import { FUSIONS } from '#src/ops/fusions';
import { crossEntropy } from '#src/ops/loss/cross-entropy';
import { multiply } from '#src/ops/pointwise/multiply';
import { sum } from '#src/ops/reduce/sum';
import { transpose } from '#src/ops/shape/transpose';
import { Device } from '#src/program/device';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formulaValues } from './formula.js';
import { assertNear, vitImages } from './vit-support.js';

interface Expected {
  readonly tensors: readonly (readonly [string, ...number[]])[];
  readonly logits: readonly number[];
  /** Logits of images of 24 x 24. */
  readonly resized: readonly number[];
  /** By our names, the sums of a gradient's elements times those of two tensors. */
  readonly gradients: Readonly<Record<string, readonly [number, number]>>;
}

/** make-deit-fixtures.py writes it. */
const fixture = new URL('../../../test/models/fixtures/deit.json', import.meta.url);
const EXPECTED = JSON.parse(readFileSync(fixture, 'utf8')) as Expected;
const LABELS = [3, 1];

/** The network of the fixture. */
const small = (epsilon = 1e-12) =>
  new VisionTransformer(
    'small',
    { patch: 4, tokens: 2, layers: 2, heads: 4, channels: 32, feedForward: 64 },
    { classes: 5, imageSize: 16, epsilon },
  );

/** A file as transformers writes it. */
const hubFile = (tensors = EXPECTED.tensors) => ({
  layout: 'pytorch' as const,
  tensors: tensors.map(([name, ...shape]) => ({
    name,
    dtype: 'F64' as const,
    shape,
    read: async () => formulaValues(name, shape),
    readRaw: async () => new Uint8Array(0),
  })) as never,
});

/** What is written in a library's names, as a file of it gives it back. */
async function written(library: 'huggingface' | 'timm', model: VisionTransformer): Promise<WeightsEntry[]> {
  const tensors = inNamesOf(library, 'deit_ti_16_distilled', await torchStateDict(model));
  return tensors.map(({ name, dtype, shape, data }) => ({
    name,
    dtype,
    shape,
    read: async () => (typeof data === 'function' ? await data() : data) as Float32Array,
  }));
}

const namesOf = (entries: readonly WeightsEntry[]) => entries.map(({ name, shape }) => [name, ...shape]);

test('two heads on two tokens: PyTorch’s logits to 1e-12 and gradients to 1e-9, and positions of another size', async () => {
  const device = new Device(await openCpu({ precision: 'float64' }), FUSIONS);
  const model = small();
  await model.to(device);
  await loadStateDict(model, modelTensors(hubFile()));
  const { logits, sums, resized } = await device.run(() => {
    const logits = model.forward(vitImages(LABELS.length, 16));
    const loss = crossEntropy(logits, tensor(Int32Array.from(LABELS), [LABELS.length]));
    const named = [...model.namedArrays()];
    const found = gradients(
      loss,
      named.map(({ array }) => array),
    );
    const sums = found.flatMap((gradient, i) => {
      const { name, owner, field, array } = named[i]!;
      const theirs = transpose(gradient, owner.torchAxes(field) ?? array.shape.map((_, d) => d));
      return [1, 2].map((n) =>
        sum(multiply(theirs, tensor(formulaValues(`${name} ${n}`, theirs.shape), theirs.shape))),
      );
    });
    return { logits, sums, resized: model.forward(vitImages(LABELS.length, 24)) };
  });
  assertNear(logits, EXPECTED.logits, 1e-12);
  const wanted = Array.from(model.namedArrays(), ({ name }) => EXPECTED.gradients[name]!);
  assert.is(wanted.length, Object.keys(EXPECTED.gradients).length);
  assertNear(sums as number[], wanted.flat(), 1e-9);
  assertNear(resized, EXPECTED.resized, 1e-12);
  // What norms add is seen in these numbers.
  const other = small(1e-6);
  await other.to(device);
  await loadStateDict(other, modelTensors(hubFile()));
  const changed = await device.run(() => other.forward(vitImages(LABELS.length, 16)));
  assert.ok(EXPECTED.logits.some((value, i) => Math.abs((changed as Float64Array)[i]! - value) > 1e-8));
  model.close();
  other.close();
  await device.close();
});

test('Hugging Face’s and timm’s names both ways, with two heads that have the mean of the biases', async () => {
  const model = small();
  await loadStateDict(model, modelTensors(hubFile()));
  const theirs = await written('huggingface', model);
  assert.equal(namesOf(theirs).map(String).sort(), EXPECTED.tensors.map(String).sort());
  const valuesOf = (entries: readonly WeightsEntry[], name: string) =>
    entries.find((entry) => entry.name === name)!.read();
  const rounded = ([name, ...shape]: (typeof EXPECTED.tensors)[number]) =>
    Float32Array.from(formulaValues(name, shape));
  for (const row of EXPECTED.tensors) {
    const values = Float32Array.from(await valuesOf(theirs, row[0]));
    if (!/classifier\.bias$/.test(row[0])) assert.equal(values, rounded(row), row[0]);
  }
  const biases = ['cls', 'distillation'].map((name) => formulaValues(`${name}_classifier.bias`, [5]));
  const mean = Float32Array.from(biases[0]!, (value, i) => (value + biases[1]![i]!) / 2);
  for (const name of ['cls', 'distillation'])
    assert.equal(Float32Array.from(await valuesOf(theirs, `${name}_classifier.bias`)), mean);

  const timm = await written('timm', model);
  assert.equal(namesOf(timm).slice(0, 6), [
    ['cls_token', 1, 1, 32],
    ['dist_token', 1, 1, 32],
    ['patch_embed.proj.weight', 32, 3, 4, 4],
    ['patch_embed.proj.bias', 32],
    ['pos_embed', 1, 18, 32],
    ['blocks.0.norm1.weight', 32],
  ]);
  assert.equal(namesOf(timm).slice(-4), [
    ['head.weight', 5, 32],
    ['head_dist.weight', 5, 32],
    ['head.bias', 5],
    ['head_dist.bias', 5],
  ]);
  const state = await stateDict(model);
  for (const entries of [theirs, timm]) {
    const back = new Map(
      modelTensors({ layout: 'pytorch', tensors: entries as never }).map((entry) => [entry.name, entry]),
    );
    assert.equal([...back.keys()].sort(), [...state.keys()].sort());
    for (const [name, { data, shape }] of state) {
      assert.equal(back.get(name)!.shape, shape, name);
      assert.equal(await back.get(name)!.read(), data, name);
    }
  }
  assert.equal(constantsOfNames(hubFile()), { epsilon: 1e-12 });
  assert.equal(constantsOfNames({ layout: 'pytorch', tensors: timm as never }), {});
});

test('a head on the class token alone has zeros for the other', async () => {
  const kept = EXPECTED.tensors.filter(([name]) => !name.startsWith('distillation_classifier'));
  const alone = kept.map(
    ([name, ...shape]) => [name.replace('cls_classifier', 'classifier'), ...shape] as [string, ...number[]],
  );
  const model = small();
  await loadStateDict(model, modelTensors(hubFile(alone)));
  const weight = (await stateDict(model)).get('heads.head.weight')!;
  assert.equal(weight.shape, [5, 64]);
  const theirs = Float32Array.from(formulaValues('classifier.weight', [5, 32]));
  assert.equal(weight.data.slice(0, 32), theirs.slice(0, 32));
  assert.equal(weight.data.slice(32, 64), new Float32Array(32));
  assert.equal(weight.data.slice(64, 96), theirs.slice(32, 64));
});

test('a file is told by its second token, with its classes and the size that its positions are for', async () => {
  const model = deitTi16Distilled({ classes: 7, imageSize: 64, epsilon: 1e-12 });
  // DeiT-tiny's 5,717,416 with another head, positions of 16 patches, and the second token with its position.
  const trunk = 5_717_416 - 1000 * 193 - (196 - 16) * 192;
  assert.is(countParameters(model).total, trunk + 2 * 192 + 7 * 385);
  assert.equal(model.constants, { epsilon: 1e-12 });
  const found = { name: 'deit_ti_16_distilled', classes: 7, supported: true, options: { imageSize: 64 } };
  for (const library of ['huggingface', 'timm'] as const) {
    const tensors = modelTensors({ layout: 'pytorch', tensors: (await written(library, model)) as never });
    assert.equal(detectArchitecture(tensors), found);
    assert.equal(identify(tensors)?.hasTrunk, true);
    const headless = tensors.filter(({ name }) => !name.startsWith('heads.'));
    assert.is(identify(headless)?.classes, null);
  }
  const one = modelTensors({
    layout: 'pytorch',
    tensors: (await written('timm', model)).filter(({ name }) => name !== 'dist_token') as never,
  });
  assert.is(detectArchitecture(one)?.name, 'vit_ti_16');
  const { architectures, model_type, image_size, layer_norm_eps } = hubConfigOf(model)!;
  assert.equal([model_type, image_size, layer_norm_eps], ['deit', 64, 1e-12]);
  assert.equal(architectures, ['DeiTForImageClassificationWithTeacher']);
  assert.is(networkIn('huggingface', model.architecture), 'DeiTForImageClassificationWithTeacher');
  assert.is(networkIn('timm', model.architecture), 'deit_tiny_distilled_patch16_224');
  assert.equal(model.layerNames().slice(0, 4), [
    'class_token',
    'distillation_token',
    'conv_proj',
    'encoder.pos_embedding',
  ]);
});

test.run();
