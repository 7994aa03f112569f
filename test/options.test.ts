/**
 * Every public function that takes options refuses one that it does not know, and says which was meant; and what
 * JavaScript can give in place of options. The types find the functions (options/rows.ts).
 */
import * as at from '#src/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Data, MethodOptionRows, OptionRows, Refusing } from './options/rows.js';

/** Operands that are not looked at: names are refused first. */
const any = undefined as never;
const memory = { parameters: [new at.Parameter(new Float32Array(1), [1])], values: {}, gradients: {} };
const trainable = memory as never;
const initializer = new at.Initializer();

const LENGTH = { stepsPerEpoch: 1, totalSteps: 1, warmupSteps: 0 };
const MEMORY: Data = { data: 'the memory of a model, whose fields are looked for' };
const LOOP: Data = { data: 'what a loop trains, whose two fields are looked for: it may keep more in it' };
const OURS: Data = { data: 'made by the library' };
const GENERATOR: Data = { data: 'a generator, whose fields are looked for: a program may keep more in it' };

const context = (call: (given: at.RunContext) => unknown): Refusing<at.RunContext> => ['onEvent', call];

/** Of optimisers: groups of parameters, and parts of their steps. */
const ofGroups = (call: (groups: at.ParameterGroup[]) => unknown) =>
  ({
    groups: ['weightDecay', (group: at.ParameterGroup) => call([group])],
    parts: { data: 'objects that do something at a step' },
  }) as const;

const BATCHES = { batchSize: 1, seed: 1, epoch: 0, side: 8 };

const ROWS: OptionRows = {
  // Operations.
  affineMatrix: { 0: ['angle', (given) => at.affineMatrix(given)] },
  attention: { 3: ['causal', (given) => at.attention(any, any, any, given)] },
  averagePool2d: {
    1: [
      'countIncludePad',
      (given) => at.averagePool2d(any, given),
      { padding: ['left', (padding) => at.averagePool2d(any, { kernel: 3, padding })] },
    ],
  },
  batchNorm: { 1: ['gamma', (given) => at.batchNorm(any, given)] },
  binaryCrossEntropy: { 2: ['positiveWeights', (given) => at.binaryCrossEntropy(any, any, given)] },
  clamp: { 1: ['min', (given) => at.clamp(any, given)] },
  conv1d: { 2: ['dilation', (given) => at.conv1d(any, any, given)] },
  conv2d: {
    2: [
      'stride',
      (given) => at.conv2d(any, any, given),
      { padding: ['bottom', (padding) => at.conv2d(any, any, { padding })] },
    ],
  },
  convTranspose1d: { 2: ['outputPadding', (given) => at.convTranspose1d(any, any, given)] },
  convTranspose2d: {
    2: [
      'outputPadding',
      (given) => at.convTranspose2d(any, any, given),
      { padding: ['right', (padding) => at.convTranspose2d(any, any, { padding })] },
    ],
  },
  crossEntropy: { 2: ['labelSmoothing', (given) => at.crossEntropy(any, any, given)] },
  dropout: { 2: GENERATOR },
  embedding: { 2: ['paddingIndex', (given) => at.embedding(any, any, given)] },
  gelu: { 1: ['approximate', (given) => at.gelu(any, given)] },
  groupNorm: { 3: ['groups', (given) => at.groupNorm(any, null, null, given)] },
  huber: { 2: ['delta', (given) => at.huber(any, any, given)] },
  klDivergence: { 2: ['logTarget', (given) => at.klDivergence(any, any, given)] },
  layerNorm: { 3: ['epsilon', (given) => at.layerNorm(any, null, null, given)] },
  logSoftmax: { 1: ['mask', (given) => at.logSoftmax(any, given)] },
  matmul: { 2: ['transposeA', (given) => at.matmul(any, any, given)] },
  maxPool2d: {
    1: [
      'kernel',
      (given) => at.maxPool2d(any, given),
      { padding: ['top', (padding) => at.maxPool2d(any, { kernel: 3, padding })] },
    ],
  },
  mixImages: { 2: ['share', (given) => at.mixImages(any, any, given)] },
  pad: { 3: ['value', (given) => at.pad(any, [], [], given)] },
  resize: { 1: ['alignCorners', (given) => at.resize(any, given)] },
  rmsNorm: { 2: ['epsilon', (given) => at.rmsNorm(any, null, given)] },
  smoothL1: { 2: ['beta', (given) => at.smoothL1(any, any, given)] },
  softmax: { 1: ['axis', (given) => at.softmax(any, given)] },
  stochasticDepth: { 2: GENERATOR },
  Tensor: { 1: OURS },
  // Layers and models.
  AveragePool2d: {
    0: [
      'kernel',
      (given) => new at.AveragePool2d(given),
      { padding: ['bottom', (padding) => new at.AveragePool2d({ kernel: 3, padding })] },
    ],
  },
  BatchNorm2d: { 1: ['epsilon', (given) => new at.BatchNorm2d(1, given)] },
  Conv1d: { 2: ['kernel', (given) => new at.Conv1d(1, 1, given, initializer)] },
  Conv2d: {
    2: [
      'kernel',
      (given) => new at.Conv2d(1, 1, given, initializer),
      { padding: ['left', (padding) => new at.Conv2d(1, 1, { kernel: 3, padding }, initializer)] },
    ],
  },
  convnextTiny: { 0: ['classes', (given) => at.convnextTiny(given)] },
  ConvTranspose1d: { 2: ['kernel', (given) => new at.ConvTranspose1d(1, 1, given, initializer)] },
  ConvTranspose2d: {
    2: [
      'outputPadding',
      (given) => new at.ConvTranspose2d(1, 1, given, initializer),
      { padding: ['top', (padding) => new at.ConvTranspose2d(1, 1, { kernel: 3, padding }, initializer)] },
    ],
  },
  efficientnetB0: { 0: ['classes', (given) => at.efficientnetB0(given)] },
  Embedding: { 2: ['paddingIndex', (given) => new at.Embedding(1, 1, given, initializer)] },
  GELU: { 0: ['approximate', (given) => new at.GELU(given)] },
  GroupNorm: { 2: ['affine', (given) => new at.GroupNorm(1, 1, given)] },
  kerasMobilenetV2: { 0: ['classes', (given) => at.kerasMobilenetV2(given)] },
  kerasResnet50: { 0: ['classes', (given) => at.kerasResnet50(given)] },
  LayerNorm: { 1: ['affine', (given) => new at.LayerNorm(1, given)] },
  linear: { 2: ['seed', (given) => at.linear(1, 1, given)] },
  loadStateDict: { 2: ['strict', (given) => at.loadStateDict(any, any, given)] },
  loadWeights: { 2: ['exclude', (given) => at.loadWeights(any, any, given)] },
  MaxPool2d: {
    0: [
      'stride',
      (given) => new at.MaxPool2d(given),
      { padding: ['right', (padding) => new at.MaxPool2d({ kernel: 3, padding })] },
    ],
  },
  mobilenetV2: { 0: ['classes', (given) => at.mobilenetV2(given)] },
  mobilenetV3Large: { 0: ['classes', (given) => at.mobilenetV3Large(given)] },
  mobilenetV3Small: { 0: ['classes', (given) => at.mobilenetV3Small(given)] },
  MultiheadAttention: { 2: ['causal', (given) => new at.MultiheadAttention(1, 1, given, initializer)] },
  nearestNeighbors: { 2: ['neighbors', (given) => at.nearestNeighbors(any, any, given)] },
  NearestNeighbors: { 0: ['inputs', (given) => new at.NearestNeighbors(given)] },
  Parameter: { 2: ['decay', (given) => new at.Parameter(new Float32Array(1), [1], given)] },
  resnet101: { 0: ['classes', (given) => at.resnet101(given)] },
  resnet152: { 0: ['classes', (given) => at.resnet152(given)] },
  resnet18: { 0: ['seed', (given) => at.resnet18(given)] },
  resnet34: { 0: ['classes', (given) => at.resnet34(given)] },
  resnet50: { 0: ['zeroInitResidual', (given) => at.resnet50(given)] },
  resnetSmall: { 0: ['widths', (given) => at.resnetSmall(given)] },
  resolveWeights: {
    1: [
      'onProgress',
      (given) => at.resolveWeights(any, given),
      {
        settings: [
          'attempts',
          (settings) => at.resolveWeights(any, { settings }),
          {
            env: { data: 'variables of the process' },
            leastSpeed: [
              'bytesPerSecond',
              (leastSpeed) => at.resolveWeights(any, { settings: { leastSpeed } }),
            ],
          },
        ],
      },
    ],
  },
  vgg16: { 0: ['classes', (given) => at.vgg16(given)] },
  TransformerEncoderLayer: {
    2: ['normFirst', (given) => new at.TransformerEncoderLayer(1, 1, given, initializer)],
  },
  vitB16: { 0: ['imageSize', (given) => at.vitB16(given)] },
  vitB32: { 0: ['dropout', (given) => at.vitB32(given)] },
  vitL16: { 0: ['attentionDropout', (given) => at.vitL16(given)] },
  vitS16: { 0: ['classes', (given) => at.vitS16(given)] },
  vitTi16: { 0: ['seed', (given) => at.vitTi16(given)] },
  vitSmall: { 0: ['imageSize', (given) => at.vitSmall(given)] },
  // Optimisers and schedules.
  adam: {
    0: MEMORY,
    1: ['betas', (given) => at.adam(trainable, given), ofGroups((groups) => at.adam(trainable, { groups }))],
  },
  Adam: {
    0: MEMORY,
    1: [
      'betas',
      (given) => new at.Adam(trainable, given, false),
      ofGroups((groups) => new at.Adam(trainable, { groups }, false)),
    ],
  },
  adamW: {
    0: MEMORY,
    1: ['lr', (given) => at.adamW(trainable, given), ofGroups((groups) => at.adamW(trainable, { groups }))],
  },
  minimize: { 2: ['history', (given) => at.minimize(any, any, given)] },
  PullToStart: { 0: MEMORY },
  rmsprop: {
    0: MEMORY,
    1: [
      'alpha',
      (given) => at.rmsprop(trainable, given),
      ofGroups((groups) => at.rmsprop(trainable, { groups })),
    ],
  },
  RMSNorm: { 1: ['affine', (given) => new at.RMSNorm(1, given)] },
  Rmsprop: {
    0: MEMORY,
    1: [
      'alpha',
      (given) => new at.Rmsprop(trainable, given),
      ofGroups((groups) => new at.Rmsprop(trainable, { groups })),
    ],
  },
  scheduleFactor: {
    0: ['kind', (given) => at.scheduleFactor(cosine(given), 0, LENGTH)],
    2: ['warmupSteps', (given) => at.scheduleFactor({ kind: 'cosine' }, 0, given)],
  },
  scheduleMomentum: {
    0: ['kind', (given) => at.scheduleMomentum(cosine(given), 0, LENGTH)],
    2: ['totalSteps', (given) => at.scheduleMomentum({ kind: 'cosine' }, 0, given)],
  },
  sgd: {
    0: MEMORY,
    1: ['momentum', (given) => at.sgd(trainable, given), ofGroups((groups) => at.sgd(trainable, { groups }))],
  },
  Sgd: {
    0: MEMORY,
    1: [
      'momentum',
      (given) => new at.Sgd(trainable, given),
      ofGroups((groups) => new at.Sgd(trainable, { groups })),
    ],
  },
  SharpnessAware: { 0: MEMORY },
  stepLR: { 0: { data: 'an optimiser' }, 1: ['stepSize', (given) => at.stepLR({ groups: [] }, given)] },
  WeightAverage: { 0: MEMORY },
  open: {
    1: [
      'precision',
      (given) => at.open('cpu', given),
      { choices: { data: 'variants by the names of kernels' } },
    ],
  },
  // Images.
  dataLoader: {
    1: [
      'batchSize',
      (given) => at.dataLoader(any, given),
      { shuffle: ['epoch', (shuffle) => at.dataLoader(any, { batchSize: 1, shuffle })] },
    ],
  },
  imageFolder: { 1: ['val', (given) => at.imageFolder('nowhere', given)] },
  openPreparedCache: { 0: ['resize', (given) => at.openPreparedCache(given)] },
  prepareImages: {
    1: ['resize', (given) => at.prepareImages([], given)],
    2: ['workers', (given) => at.prepareImages([], any, given)],
  },
  prepareTraining: {
    0: OURS,
    1: [
      'batchSize',
      (given) => at.prepareTraining(any, given),
      {
        augmentation: [
          'scale',
          (augmentation) => at.prepareTraining(any, { batchSize: 1, augmentation }),
          { parts: OURS },
        ],
        normalization: ['std', (normalization) => at.prepareTraining(any, { batchSize: 1, normalization })],
      },
    ],
  },
  preprocessImage: {
    0: { data: 'a picture, as decodeImage gives it' },
    1: ['interpolation', (given) => at.preprocessImage(any, given)],
  },
  readLabelsFile: { 1: ['label', (given) => at.readLabelsFile('nowhere', given)] },
  readValuesFile: { 1: ['columns', (given) => at.readValuesFile('nowhere', given)] },
  testViews: { 0: { data: 'a picture, as decodeImage gives it' } },
  trainingBatches: {
    0: { data: 'images and their cache, as prepareImages gives them' },
    1: [
      'batchSize',
      (given) => at.trainingBatches(any, given),
      {
        augmentation: [
          'scale',
          (augmentation) => at.trainingBatches(any, { ...BATCHES, augmentation }),
          { parts: OURS },
        ],
      },
    ],
  },
  // Runs.
  advise: {
    0: ['path', (given) => at.advise(given)],
    1: context((given) => at.advise({ path: 'nowhere' }, given)),
  },
  compare: {
    0: ['runs', (given) => at.compare(given)],
    1: context((given) => at.compare({ runs: [] }, given)),
  },
  convert: {
    0: ['from', (given) => at.convert(given)],
    1: context((given) => at.convert({ from: 'nowhere' } as never, given)),
  },
  crossValidate: {
    0: ['folds', (given) => at.crossValidate(given)],
    1: context((given) => at.crossValidate({ data: 'nowhere', folds: 2 }, given)),
  },
  evaluate: {
    0: ['data', (given) => at.evaluate(given)],
    1: context((given) => at.evaluate({ data: 'nowhere' }, given)),
  },
  explain: {
    0: ['images', (given) => at.explain(given)],
    1: context((given) => at.explain({ images: [] }, given)),
  },
  findRate: {
    0: ['data', (given) => at.findRate(given)],
    1: context((given) => at.findRate({ data: 'nowhere' }, given)),
  },
  finetune: {
    0: ['data', (given) => at.finetune(given)],
    1: context((given) => at.finetune({ data: 'nowhere' }, given)),
  },
  fit: { 2: ['optimizer', (given) => at.fit(any, any, given), { random: GENERATOR }] },
  loadTraining: { 1: LOOP },
  predict: {
    0: ['images', (given) => at.predict(given)],
    1: context((given) => at.predict({ images: [] }, given)),
  },
  previewAugment: {
    0: ['data', (given) => at.previewAugment(given)],
    1: context((given) => at.previewAugment({ data: 'nowhere' }, given)),
  },
  report: {
    0: ['run', (given) => at.report(given)],
    1: context((given) => at.report({ run: 'nowhere' }, given)),
  },
  resume: {
    0: ['resume', (given) => at.resume(given)],
    1: context((given) => at.resume({ resume: 'nowhere' }, given)),
  },
  resumeFolds: {
    0: ['resume', (given) => at.resumeFolds(given)],
    1: context((given) => at.resumeFolds({ resume: 'nowhere' }, given)),
  },
  saveTraining: {
    1: LOOP,
    2: { data: 'what the loop keeps for itself' },
  },
  writeSafetensors: { 2: { data: 'metadata of the writer' } },
  AttuneError: { 0: OURS, 1: OURS },
};

const HANDED_ON: Data = { data: 'handed on to the layers, which refuse it' };
const MADE_BY_OPTIMISERS: Data = { data: 'made by optimisers, for their parts' };

const BY_NAME: Data = { data: 'tensors by the names that the network gives them' };

const NETWORK = {
  forward: { 0: BY_NAME, 1: HANDED_ON },
  features: {
    0: BY_NAME,
    1: ['stage', (given: at.FeatureOptions) => at.resnetSmall().features(any, given), { random: GENERATOR }],
  },
  headInput: { 1: HANDED_ON },
  stageFeatures: { 0: BY_NAME, 1: HANDED_ON },
} as const;

const METHODS: MethodOptionRows = {
  BatchNorm2d: {
    forward: { 1: ['random', (given) => new at.BatchNorm2d(1).forward(any, given), { random: GENERATOR }] },
  },
  Dropout: {
    forward: { 1: ['random', (given) => new at.Dropout(0.5).forward(any, given), { random: GENERATOR }] },
  },
  MultiheadAttention: {
    forward: {
      0: BY_NAME,
      1: [
        'random',
        (given) => new at.MultiheadAttention(1, 1, {}, initializer).forward(any, given),
        { random: GENERATOR },
      ],
    },
  },
  TransformerEncoderLayer: {
    forward: {
      0: BY_NAME,
      1: [
        'random',
        (given) => new at.TransformerEncoderLayer(1, 1, {}, initializer).forward(any, given),
        { random: GENERATOR },
      ],
    },
  },
  StochasticDepth: {
    forward: {
      1: ['momentum', (given) => new at.StochasticDepth().forward(any, given), { random: GENERATOR }],
    },
  },
  ImageClassifier: NETWORK,
  Network: NETWORK,
  Module: { forward: { 0: BY_NAME, 1: HANDED_ON } },
  Sequential: { forward: { 1: HANDED_ON } },
  PullToStart: { before: { 0: MADE_BY_OPTIMISERS } },
  WeightAverage: { after: { 0: MADE_BY_OPTIMISERS } },
};

/** A schedule with other settings, or what is given in its place. */
function cosine(given: at.Schedule): at.Schedule {
  return given !== null && typeof given === 'object' ? { ...given, kind: 'cosine' } : given;
}

/** What a call ends with, thrown at once or later. */
async function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return 'nothing was thrown';
}

const methods = Object.entries(METHODS).flatMap(([name, rows]) =>
  Object.entries(rows).map(([method, places]) => [`${name}.${method}`, places] as const),
);

type AnyRow =
  | Data
  | readonly [option: string, call: (given: unknown) => unknown, fields?: Record<string, AnyRow>];

/** Tries what is at a place, and what is at a field of it. */
function tryRow(name: string, row: AnyRow, isField = false): void {
  if ('data' in row) return;
  const [option, call, fields = {}] = row;
  test(`${name} refuses an option that it does not know`, async () => {
    const error = await outcomeOf(() => call({ [`${option}s`]: 1 }));
    assert.instance(error, at.AttuneError, String(error));
    const { code, what, hint } = error as at.AttuneError;
    const isKind = option === 'kind'; // of schedules, which are told by it
    assert.equal([code, what], ['usage', `there is no option ${option}s`]);
    assert.is(hint, isKind ? 'leave it out' : `did you mean ${option}?`);
  });
  test(`${name} refuses what is no object`, async () => {
    // A field may also be a number or a word.
    for (const given of isField ? [null] : [3, 'same', null]) {
      const error = await outcomeOf(() => call(given));
      assert.instance(error, at.AttuneError, String(error));
      assert.is((error as at.AttuneError).code, 'usage');
    }
  });
  for (const [field, inner] of Object.entries(fields)) tryRow(`${name}.${field}`, inner, true);
}

for (const [name, places] of [...Object.entries(ROWS), ...methods]) {
  for (const [place, row] of Object.entries(places)) tryRow(`${name}: argument ${place}`, row as AnyRow);
}

// The types see the last of its two forms only.
tryRow(
  'dataLoader: argument 1.normalize',
  ['mean', (given) => at.dataLoader(any, { batchSize: 1, normalize: given as never })],
  true,
);
tryRow('the models that findModel gives: create', [
  'classes',
  (given) => at.findModel('resnet18').create(given as never),
]);

test.run();
