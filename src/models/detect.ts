/**
 * Which network weights belong to, by the names and shapes of the tensors alone: for `inspect`, and to infer
 * the model from a file.
 */
import { stripPrefixes } from '../nn/state-dict.js';
import { MODEL_NAMES } from './names.js';

/** Name and PyTorch shape of a stored tensor. */
export interface TensorShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What the tensors of a weights file tell of their network. */
export interface Architecture {
  /** torchvision's name, or attune's own. */
  readonly name: string;
  /** Outputs of the head; null where the weights hold none. */
  readonly classes: number | null;
  /** Whether attune has this model; others are recognised in order to say so. */
  readonly supported: boolean;
}

/** Blocks of layer1 to layer4, and the kind of block. */
const RESNETS: Readonly<Record<string, string>> = {
  'basic 2 2 2 2': 'resnet18',
  'basic 3 4 6 3': 'resnet34',
  'bottleneck 3 4 6 3': 'resnet50',
  'bottleneck 3 4 23 3': 'resnet101',
  'bottleneck 3 8 36 3': 'resnet152',
};

/** The architecture of weights with these tensors, prefixes of wrappers aside; null when it is none of those known. */
export function detectArchitecture(tensors: Iterable<TensorShape>): Architecture | null {
  const shapes = new Map(Array.from(tensors, ({ name, shape }) => [stripPrefixes(name), shape]));
  for (const { detect, head } of FAMILIES) {
    const name = detect(shapes);
    if (name === null) continue;
    // A head of stored images has their classes side by side (nn/nearest-neighbors.ts).
    const classes = shapes.get(`${head}.weight`)?.[0] ?? shapes.get(`${head}.labels`)?.[1] ?? null;
    return { name, classes, supported: MODEL_NAMES.some((known) => known === name) };
  }
  return null;
}

/** Tensors by name, in PyTorch's layout. */
type Shapes = ReadonlyMap<string, readonly number[]>;

/** How a network is recognised, and what its head is called. */
interface Family {
  readonly head: string;
  /** The name of the network, or null when it is none of the family. */
  detect(shapes: Shapes): string | null;
}

/** A network that tensors of these shapes tell from all others. */
function single(name: string, head: string, marks: Readonly<Record<string, readonly number[]>>): Family {
  const fits = (shapes: Shapes) =>
    Object.entries(marks).every(([tensor, shape]) => hasShape(shapes, tensor, shape));
  return { head, detect: (shapes) => (fits(shapes) ? name : null) };
}

const FAMILIES: readonly Family[] = [
  { head: 'fc', detect: detectResNet },
  { head: 'fc', detect: detectSmallResNet },
  // MobileNetV2 at its full width: the stem, the widest block and the last convolution.
  single('mobilenet_v2', 'classifier.1', {
    'features.0.0.weight': [32, 3, 3, 3],
    'features.17.conv.1.0.weight': [960, 1, 3, 3],
    'features.18.0.weight': [1280, 320, 1, 1],
  }),
  single('mobilenet_v2-keras', 'predictions', {
    'Conv1.weight': [32, 3, 3, 3],
    'block_16_depthwise.weight': [960, 1, 3, 3],
    'Conv_1.weight': [1280, 320, 1, 1],
  }),
  { head: 'predictions', detect: detectKerasResNet },
];

/** Keras's ResNets of the first version; those of the second have no batch norm behind a shortcut. */
function detectKerasResNet(shapes: Shapes): string | null {
  const isBottleneck = hasShape(shapes, 'conv2_block1_2_conv.weight', [64, 64, 3, 3]);
  if (!isBottleneck || !shapes.has('conv2_block1_0_bn.weight')) return null;
  const depths = [2, 3, 4, 5].map((stage) =>
    countWhile((block) => shapes.has(`conv${stage}_block${block + 1}_1_conv.weight`)),
  );
  const name = RESNETS[`bottleneck ${depths.join(' ')}`];
  return name === undefined ? null : `${name}-keras`;
}

function detectResNet(shapes: Shapes): string | null {
  const has = (name: string, ...shape: number[]) => hasShape(shapes, name, shape);
  // Wide ResNets and ResNeXts have the same names, with other shapes in the 3x3 convolutions of their blocks.
  const isBottleneck = has('layer1.0.conv3.weight', 256, 64, 1, 1);
  if (!has('conv1.weight', 64, 3, 7, 7) || !has('layer1.0.conv2.weight', 64, 64, 3, 3)) return null;
  if (!isBottleneck && shapes.has('layer1.0.conv3.weight')) return null;
  return RESNETS[`${isBottleneck ? 'bottleneck' : 'basic'} ${depths(shapes, 4).join(' ')}`] ?? null;
}

/** The small ResNet as the registry makes it: colour images, three stages of three blocks, 16 to 64 channels. */
function detectSmallResNet(shapes: Shapes): string | null {
  const fits =
    hasShape(shapes, 'conv1.weight', [16, 3, 3, 3]) &&
    [16, 32, 64].every((width, i) =>
      hasShape(shapes, `layer${i + 1}.0.conv2.weight`, [width, width, 3, 3]),
    ) &&
    depths(shapes, 4).join(' ') === '3 3 3 0';
  return fits ? 'resnet-small' : null;
}

function hasShape(shapes: Shapes, name: string, shape: readonly number[]): boolean {
  return String(shapes.get(name)) === String(shape);
}

/** Blocks of the first stages. */
function depths(shapes: Shapes, stages: number): number[] {
  return Array.from({ length: stages }, (_, stage) =>
    countWhile((block) => shapes.has(`layer${stage + 1}.${block}.conv1.weight`)),
  );
}

/** How many whole numbers from 0 on hold, without a gap. */
function countWhile(holds: (index: number) => boolean): number {
  let count = 0;
  while (holds(count)) count++;
  return count;
}
