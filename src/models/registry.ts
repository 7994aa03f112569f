/**
 * The models by name, torchvision's where it has them: how to make one, its usual weights, and what its images must be.
 */
import { AttuneError } from '../errors.js';
import { nearest } from '../nearest.js';
import type { ImageClassifier } from './classifier.js';
import { kerasMobilenetV2 } from './keras-mobilenet-v2.js';
import { kerasResnet50 } from './keras-resnet50.js';
import { mobilenetV2 } from './mobilenet-v2.js';
import { MODEL_NAMES, type ModelName } from './names.js';
import {
  IMAGENET_PREPROCESSING,
  KERAS_MOBILENET_PREPROCESSING,
  KERAS_RESNET_PREPROCESSING,
  type ModelPreprocessing,
} from './preprocessing.js';
import { resnet101, resnet152, resnet18, resnet34, resnet50 } from './resnet.js';
import { resnetSmall } from './resnet-small.js';

/** The head and the initial values of a network. */
export interface ModelOptions {
  /** Default 1000, ImageNet's. */
  readonly classes?: number;
  /** Of the initial values. Default 42. */
  readonly seed?: number;
}

/** A network that attune knows by name. */
export interface ModelEntry {
  readonly name: ModelName;
  /** A new network with its initial values. */
  create(options?: ModelOptions): ImageClassifier;
  /** The network that this is another library's graph of: `--model` may say its name, and the weights decide. */
  readonly graphOf?: ModelName;
  /** Name in the catalogue of downloadable weights; null where nobody offers any. */
  readonly defaultWeights: string | null;
  /** For the default weights, or random ones; the catalogue has that of others. */
  readonly preprocessing: ModelPreprocessing;
}

/** A model of torchvision's, with its first ImageNet weights. */
function torchvision(name: ModelName, create: ModelEntry['create']): ModelEntry {
  return { name, create, defaultWeights: `${name}-v1`, preprocessing: IMAGENET_PREPROCESSING };
}

const MODELS: Readonly<Record<ModelName, ModelEntry>> = {
  resnet18: torchvision('resnet18', resnet18),
  resnet34: torchvision('resnet34', resnet34),
  resnet50: torchvision('resnet50', resnet50),
  resnet101: torchvision('resnet101', resnet101),
  resnet152: torchvision('resnet152', resnet152),
  mobilenet_v2: torchvision('mobilenet_v2', mobilenetV2),
  'resnet50-keras': {
    name: 'resnet50-keras',
    create: kerasResnet50,
    graphOf: 'resnet50',
    defaultWeights: null,
    preprocessing: KERAS_RESNET_PREPROCESSING,
  },
  'mobilenet_v2-keras': {
    name: 'mobilenet_v2-keras',
    create: kerasMobilenetV2,
    graphOf: 'mobilenet_v2',
    defaultWeights: 'mobilenet_v2-keras',
    preprocessing: KERAS_MOBILENET_PREPROCESSING,
  },
  'resnet-small': {
    name: 'resnet-small',
    create: (options) => resnetSmall({ classes: 1000, ...options }),
    defaultWeights: null,
    preprocessing: { ...IMAGENET_PREPROCESSING, resize: 37, crop: 32 },
  },
};

/** The model of this name. Throws AttuneError 'usage' with the nearest name when there is none. */
export function findModel(name: string): ModelEntry {
  const known = MODEL_NAMES.find((candidate) => candidate === name);
  if (known !== undefined) return MODELS[known];
  const guess = nearest(name, MODEL_NAMES);
  throw new AttuneError({
    code: 'usage',
    what: `there is no model ${JSON.stringify(name)}`,
    where: '--model',
    hint: guess === undefined ? `choose one of ${MODEL_NAMES.join(', ')}` : `did you mean ${guess}?`,
  });
}
