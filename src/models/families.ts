/** The table of families: the networks that attune has. A family is its file and its line here, and its names in names.ts. */
import type { Joined } from '../option-names.js';
import { CONVNEXT } from './convnext.js';
import { DEIT } from './deit.js';
import { EFFICIENTNET } from './efficientnet.js';
import type { Family, ModelEntry } from './family.js';
import { KERAS_MOBILENET_V2 } from './keras-mobilenet-v2.js';
import { KERAS_RESNET } from './keras-resnet50.js';
import { MOBILENET_V2 } from './mobilenet-v2.js';
import { MOBILENET_V3 } from './mobilenet-v3.js';
import type { ModelName } from './names.js';
import { RESNET } from './resnet.js';
import { SERIES_CNN } from './series-cnn.js';
import { SMALL_RESNET } from './resnet-small.js';
import { VGG } from './vgg.js';
import { VIT } from './vit.js';
import { SMALL_VIT } from './vit-small.js';

const TABLE = [
  // One line each, in the order in which files are tried.
  RESNET,
  SMALL_RESNET,
  MOBILENET_V2,
  MOBILENET_V3,
  EFFICIENTNET,
  CONVNEXT,
  VGG,
  KERAS_MOBILENET_V2,
  KERAS_RESNET,
  SERIES_CNN,
  // Before those with the same tensors but for its second token.
  DEIT,
  VIT,
  SMALL_VIT,
] as const;

export const FAMILIES: readonly Family[] = TABLE as readonly unknown[] as readonly Family[];

const networks = Object.fromEntries(FAMILIES.flatMap((family) => Object.entries(family.networks))) as Joined<
  (typeof TABLE)[number]['networks']
>;

/** Every name has its network, or this does not compile. */
export const NETWORKS: Readonly<Record<ModelName, ModelEntry>> = networks;

/** The family that a network is of; undefined for a name that no family has. */
export function familyOf(name: string): Family | undefined {
  return FAMILIES.find((family) => Object.hasOwn(family.networks, name));
}
