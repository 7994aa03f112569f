/** What a family of networks is: how they are made, how files of them are told, and what other libraries call their tensors. */
import { AttuneError } from '../errors.js';
import type { JoinName } from './joins.js';
import type { ModelName } from './names.js';
import type { Network, NetworkConstants } from './network.js';
import type { ModelPreprocessing } from './preprocessing.js';

/** The head, the initial values and the constants of a network. */
export interface ModelOptions extends NetworkConstants {
  /** Default 1000, ImageNet's. */
  readonly classes?: number;
  /** Seed of the initial values. Default 42. */
  readonly seed?: number;
  /** Channels of a sample, where a network takes samples of several. Default: its own. */
  readonly channels?: number;
  /** Side of the images that a network's stored positions are for, of one that has such. Default: its own. */
  readonly imageSize?: number;
}

/** A network that attune knows by name. */
export interface ModelEntry {
  readonly name: ModelName;
  /** A new network with its initial values. */
  create(options?: ModelOptions): Network;
  /** The network that this is another library's graph of: `--model` may say its name, and the weights decide. */
  readonly graphOf?: ModelName;
  /** Name in the catalogue of downloadable weights; null where nobody offers any. */
  readonly defaultWeights: string | null;
  /** What speaks for it, in place of the default network, where a processor has to train many samples. */
  readonly onProcessor?: { readonly reason: string; readonly source: string };
  /** The input that it takes, by its name in the table of inputs. Default: images. */
  readonly input?: string;
  /** For the default weights, or random ones, of a network of images; the catalogue has that of others. */
  readonly preprocessing: ModelPreprocessing;
}

/** How another library names the layers of models that are called otherwise here. */
export interface Naming {
  readonly name: string;
  /** A tensor that every file with these names holds. */
  readonly marker: string;
  /** Layers, or tensors. `{b}` stands for the same number on both sides, `{s+1}` for one more. */
  readonly layers: readonly (readonly [theirs: string, ours: string])[];
  /** Tensors of ours that are made of several of theirs. Default: rows, one behind the other. Written by the first that is for it. */
  readonly joined?: readonly (readonly [theirs: readonly string[], ours: string, join?: JoinName])[];
  /** What their networks compute with, where it is not what ours do. */
  readonly constants?: NetworkConstants;
  /**
   * Where TensorFlow's files have these names, too: with slashes, from this scope on, behind which one of these parts comes.
   * Their layers are told apart by the whole path alone.
   */
  readonly inKeras?: { readonly scope: string; readonly parts: readonly string[] };
}

/** Tensors by name, in PyTorch's layout. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** Whose names tensors can be written by. */
export const NAME_LIBRARIES = ['torchvision', 'timm', 'huggingface'] as const;

/** A library whose names tensors can be written by. */
export type NameLibrary = (typeof NAME_LIBRARIES)[number];

/** What a library calls a network, and its tensors; null: as attune does. */
export interface LibraryNames {
  /** Null for one that it has not. */
  network(name: string): string | null;
  readonly naming: Naming | null;
  /** What its config.json says of a network, but for its labels. Absent: nothing, and no folder of it is written. */
  config?(network: Network): Readonly<Record<string, unknown>>;
}

/** How pretrained networks of a family are fine-tuned where nothing is said, by the names of a recipe. Absent: as all are. */
export interface FineTuning {
  /** Rate of a block by that of the one above it. */
  readonly lr_decay?: number;
  /** Share of the steps in which the rate rises. */
  readonly warmup?: number;
  readonly weight_decay?: number;
}

/** A row of the table of families; `N` are the names of its networks. */
export interface Family<N extends ModelName = ModelName> {
  readonly networks: { readonly [K in N]: ModelEntry };
  /** What the head of its networks is called. */
  readonly headName: string;
  /** The name of the network that tensors of these shapes are of, which attune need not have; null: none of the family. */
  detect(shapes: Shapes): string | null;
  /** What the tensors of one of its networks tell of how it was made, but for its classes. Default: nothing. */
  optionsOf?(shapes: Shapes): ModelOptions;
  /** Those of libraries that name its tensors otherwise. */
  readonly namings?: readonly Naming[];
  readonly fineTuning?: FineTuning;
  /** The libraries that have its networks. */
  readonly libraries?: { readonly [L in NameLibrary]?: LibraryNames };
  /** The convolution of Keras's network that takes blue, green and red there, and red, green and blue here. */
  readonly blueFirst?: string;
  /** The network whose layers Keras 3 calls by class and number, where it is one of Keras's. */
  numbered?(): Network;
}

/** A network of other samples than images, begun from random values. Asking for its preprocessing of images throws 'usage'. */
export function networkOf(
  input: string,
  network: Pick<ModelEntry, 'name' | 'create'>,
): ModelEntry & { readonly input: string } {
  return {
    ...network,
    input,
    defaultWeights: null,
    get preprocessing(): never {
      throw new AttuneError({
        code: 'usage',
        what: `${network.name} takes ${input}, which are not prepared as images are`,
        where: 'preprocessing',
      });
    },
  };
}

export function hasShape(shapes: Shapes, name: string, shape: readonly number[]): boolean {
  return String(shapes.get(name)) === String(shape);
}

/** Whether all of these tensors are there, in their shapes. */
export function hasShapes(shapes: Shapes, marks: Readonly<Record<string, readonly number[]>>): boolean {
  return Object.entries(marks).every(([name, shape]) => hasShape(shapes, name, shape));
}

/** How many whole numbers from 0 on hold, without a gap. */
export function countWhile(holds: (index: number) => boolean): number {
  let count = 0;
  while (holds(count)) count++;
  return count;
}
