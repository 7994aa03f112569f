/** Names and layouts of other libraries, brought to those of our models. */
import type { TensorEntry } from '#src/formats/tensors';
import { deitTi16Distilled } from '#src/models/deit';
import { detectArchitecture } from '#src/models/detect';
import { mobilenetV2 } from '#src/models/mobilenet-v2';
import { TIMM_MOBILENET_V2 } from '#src/models/mobilenet-v2';
import { fromModel, modelTensors, partsOf, toModel } from '#src/models/naming';
import { MICROSOFT_RESNET } from '#src/models/resnet';
import { resnet18, resnet50 } from '#src/models/resnet';
import { HUGGING_FACE_DEIT, HUGGING_FACE_VIT, TIMM_DEIT, TIMM_VIT } from '#src/models/vit-naming';
import { vitSmall } from '#src/models/vit-small';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** A tensor of a file, with values 0, 1, 2, ... */
function entry(name: string, shape: readonly number[]): TensorEntry {
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
  return {
    name,
    dtype: 'F32',
    shape,
    read: async () => values,
    readRaw: async () => new Uint8Array(values.buffer),
  };
}

test('names of torchvision stay, with the prefixes of wrappers for loadStateDict to take off', () => {
  const tensors = [entry('module.conv1.weight', [1]), entry('fc.bias', [1])];
  assert.equal(
    modelTensors({ layout: 'pytorch', tensors }).map(({ name }) => name),
    ['module.conv1.weight', 'fc.bias'],
  );
});

test("Hugging Face's names of a ResNet, both ways", () => {
  const pairs = [
    ['resnet.embedder.embedder.convolution.weight', 'conv1.weight'],
    ['resnet.embedder.embedder.normalization.running_var', 'bn1.running_var'],
    ['resnet.encoder.stages.0.layers.0.layer.0.convolution.weight', 'layer1.0.conv1.weight'],
    ['resnet.encoder.stages.3.layers.22.layer.2.normalization.bias', 'layer4.22.bn3.bias'],
    ['resnet.encoder.stages.1.layers.0.shortcut.convolution.weight', 'layer2.0.downsample.0.weight'],
    ['resnet.encoder.stages.1.layers.0.shortcut.normalization.weight', 'layer2.0.downsample.1.weight'],
    ['classifier.1.weight', 'fc.weight'],
  ] as const;
  for (const [theirs, ours] of pairs) {
    assert.is(toModel(MICROSOFT_RESNET, theirs), ours);
    assert.is(fromModel(MICROSOFT_RESNET, ours), theirs);
  }
  const tensors = pairs.map(([theirs]) => entry(`model.${theirs}`, [1]));
  assert.equal(
    modelTensors({ layout: 'pytorch', tensors }).map(({ name }) => name),
    pairs.map(([, ours]) => ours),
  );
});

test("Hugging Face's names of a vision Transformer, whose queries, keys and values are one tensor here", async () => {
  const layer = (part: string) => `vit.encoder.layer.3.attention.attention.${part}`;
  const parts = ['query', 'key', 'value'];
  const weights = parts.map((part) => entry(`${layer(part)}.weight`, [2, 2]));
  const tensors = [
    entry('vit.embeddings.cls_token', [1, 1, 2]),
    ...weights,
    ...parts.map((part) => entry(`${layer(part)}.bias`, [2])),
    entry('vit.encoder.layer.3.layernorm_after.bias', [2]),
    entry('classifier.weight', [3, 2]),
  ];
  const found = modelTensors({ layout: 'pytorch', tensors });
  const block = 'encoder.layers.encoder_layer_3';
  assert.equal(
    found.map(({ name, shape }) => [name, ...shape]),
    [
      ['class_token', 1, 1, 2],
      [`${block}.self_attention.in_proj_weight`, 6, 2],
      [`${block}.self_attention.in_proj_bias`, 6],
      [`${block}.ln_2.bias`, 2],
      ['heads.head.weight', 3, 2],
    ],
  );
  assert.equal([...(await found[1]!.read())], [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
  // One that lacks a part, or has a part of another shape, is not made up.
  const partial = (kept: TensorEntry[]) =>
    modelTensors({ layout: 'pytorch', tensors: [tensors[0]!, ...kept] }).map(({ name }) => name);
  assert.equal(partial(weights.slice(0, 2)).slice(1), [`${layer('query')}.weight`, `${layer('key')}.weight`]);
  const uneven = [...weights.slice(0, 2), entry(`${layer('value')}.weight`, [2, 3])];
  assert.is(partial(uneven).length, 4);
  assert.equal(partsOf(HUGGING_FACE_VIT, `${block}.self_attention.in_proj_bias`)?.names, [
    `${layer('query')}.bias`,
    `${layer('key')}.bias`,
    `${layer('value')}.bias`,
  ]);
});

test('every tensor of our models has a name of its own in the other naming', () => {
  for (const [model, naming] of [
    [resnet18(), MICROSOFT_RESNET],
    [resnet50(), MICROSOFT_RESNET],
    [mobilenetV2(), TIMM_MOBILENET_V2],
    [vitSmall(), TIMM_VIT],
    [vitSmall(), HUGGING_FACE_VIT],
    [deitTi16Distilled(), TIMM_DEIT],
    [deitTi16Distilled(), HUGGING_FACE_DEIT],
  ] as const) {
    for (const { name } of model.namedArrays()) {
      if (partsOf(naming, name) !== null) continue;
      const theirs = fromModel(naming, name);
      assert.is.not(theirs, name);
      assert.is(toModel(naming, theirs), name);
    }
  }
});

test("timm's names of a MobileNetV2, both ways", () => {
  const pairs = [
    ['conv_stem.weight', 'features.0.0.weight'],
    ['bn1.running_mean', 'features.0.1.running_mean'],
    ['blocks.0.0.conv_dw.weight', 'features.1.conv.0.0.weight'],
    ['blocks.0.0.bn2.bias', 'features.1.conv.2.bias'],
    ['blocks.1.1.conv_pw.weight', 'features.3.conv.0.0.weight'],
    ['blocks.5.2.conv_pwl.weight', 'features.16.conv.2.weight'],
    ['blocks.6.0.bn3.weight', 'features.17.conv.3.weight'],
    ['conv_head.weight', 'features.18.0.weight'],
    ['bn2.weight', 'features.18.1.weight'],
    ['classifier.bias', 'classifier.1.bias'],
  ] as const;
  for (const [theirs, ours] of pairs) {
    assert.is(toModel(TIMM_MOBILENET_V2, theirs), ours);
    assert.is(fromModel(TIMM_MOBILENET_V2, ours), theirs);
  }
});

test('a name that no naming has stays as it is', () => {
  const tensors = [entry(MICROSOFT_RESNET.marker, [1]), entry('optimizer.step', [1])];
  assert.equal(
    modelTensors({ layout: 'pytorch', tensors }).map(({ name }) => name),
    ['conv1.weight', 'optimizer.step'],
  );
  for (const name of ['global_step', 'Conv1/unknown', 'Conv1/__proto__']) {
    assert.is(modelTensors({ layout: 'keras', tensors: [entry(name, [1])] })[0].name, name);
  }
});

test("Keras's variables arrive by PyTorch's names, shapes and order of values", async () => {
  const cases = [
    // [height 1, width 2, inputs 2, outputs 2] to OIHW.
    ['Conv1/kernel', [1, 2, 2, 2], 'Conv1.weight', [2, 2, 1, 2], [0, 4, 2, 6, 1, 5, 3, 7]],
    // [inputs, outputs] to [outputs, inputs].
    ['model/predictions/kernel:0', [2, 3], 'predictions.weight', [3, 2], [0, 3, 1, 4, 2, 5]],
    // [height 1, width 2, channels 3, multiplier 1]; then Keras 3's name of the same.
    ['a/depthwise_kernel', [1, 2, 3, 1], 'a.weight', [3, 1, 1, 2], [0, 3, 1, 4, 2, 5]],
    ['block_1_depthwise/kernel', [1, 2, 3, 1], 'block_1_depthwise.weight', [3, 1, 1, 2], [0, 3, 1, 4, 2, 5]],
    // Multiplier 2: filters 2 c and 2 c + 1 read channel c.
    ['a/depthwise_kernel', [1, 1, 2, 2], 'a.weight', [4, 1, 1, 1], [0, 1, 2, 3]],
    ['bn_Conv1/gamma', [2], 'bn_Conv1.weight', [2], [0, 1]],
    ['bn_Conv1/beta', [2], 'bn_Conv1.bias', [2], [0, 1]],
    ['bn_Conv1/moving_mean', [2], 'bn_Conv1.running_mean', [2], [0, 1]],
    ['bn_Conv1/moving_variance', [2], 'bn_Conv1.running_var', [2], [0, 1]],
    ['predictions/bias', [2], 'predictions.bias', [2], [0, 1]],
  ] as const;
  for (const [name, shape, expectedName, expectedShape, expectedValues] of cases) {
    const [tensor] = modelTensors({ layout: 'keras', tensors: [entry(name, shape)] });
    assert.is(tensor.name, expectedName);
    assert.equal(tensor.shape, expectedShape, name);
    assert.equal([...(await tensor.read())], expectedValues, name);
  }
});

test("Hugging Face's TensorFlow files of ResNets: a layer's path is that of the PyTorch model", async () => {
  for (const model of [resnet18(), resnet50()]) {
    const arrays = [...model.namedArrays()];
    const tensors = arrays.map(({ name, array }) => {
      const theirs = fromModel(MICROSOFT_RESNET, name);
      const dot = theirs.lastIndexOf('.');
      const isNorm = array.shape.length === 1 && name !== 'fc.bias';
      const variable = (isNorm ? NORM_VARIABLES : LAYER_VARIABLES)[theirs.slice(dot + 1)];
      // Its numbers are joined by dots to the list that they are of, everything else is a scope.
      const scopes = theirs
        .slice(0, dot)
        .replaceAll('.', '/')
        .replace(/\/(\d+)/g, '.$1');
      // The reader puts the group's name first; a group with one layer has its variables' names alone.
      const path =
        scopes === 'classifier.1' ? scopes : `resnet/tf_res_net_for_image_classification/${scopes}`;
      return { ...NO_VALUES, name: `${path}/${variable}`, shape: array.shape };
    });
    const found = modelTensors({ layout: 'keras', tensors });
    assert.equal(
      found.map(({ name }) => name),
      arrays.map(({ name }) => name),
    );
    assert.equal(detectArchitecture(found), { name: model.architecture, classes: 1000, supported: true });
  }
});

const NO_VALUES = {
  dtype: 'F32',
  read: async () => new Float32Array(0),
  readRaw: async () => new Uint8Array(0),
} as const;

/** PyTorch's names of variables, and TensorFlow's. */
const LAYER_VARIABLES: Readonly<Record<string, string>> = { weight: 'kernel', bias: 'bias' };
const NORM_VARIABLES: Readonly<Record<string, string>> = {
  weight: 'gamma',
  bias: 'beta',
  running_mean: 'moving_mean',
  running_var: 'moving_variance',
};

test("an epsilon of Keras's stays with its variance", () => {
  const tensors = [{ ...entry('bn/moving_variance', [2]), epsilon: 1e-3 }, entry('bn/moving_mean', [2])];
  assert.equal(
    modelTensors({ layout: 'keras', tensors }).map(({ epsilon }) => epsilon),
    [1e-3, undefined],
  );
});

test.run();
