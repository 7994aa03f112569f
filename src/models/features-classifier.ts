/**
 * Networks as torchvision lays most of them out: a trunk `features`, the mean of its last map, and layers `classifier`, the
 * last of which is the head.
 */
import { type Module, Sequential, type Training } from '../nn/index.js';
import { asTensor, type Tensor, type TensorLike } from '../tensor/tensor.js';
import { ImageClassifier } from './classifier.js';
import type { FeatureStage, Head, LayerBlock } from './network.js';

/** The last layer of a stage, by its number in the trunk, and the channels that it gives. */
export interface StageEnd {
  readonly layer: number;
  readonly channels: number;
}

/**
 * Stages of layers one after another, each of half the size of the one before; the first has `stride`. `nameOf` names the
 * last layer of a stage by the number of its end.
 */
export function halvingStages(
  layers: readonly Module[],
  ends: readonly StageEnd[],
  stride: number,
  nameOf: (layer: number) => string,
): FeatureStage[] {
  return ends.map(({ layer: end, channels }, i) => {
    const members = layers.slice(i === 0 ? 0 : ends[i - 1].layer + 1, end + 1);
    return {
      name: nameOf(end),
      stride: stride * 2 ** i,
      channels,
      forward: (x: TensorLike, training?: Training) =>
        members.reduce((y: Tensor, layer) => layer.forward(y, training), asTensor(x)),
    };
  });
}

/** A network of a trunk and a classifier; sequences of blocks in the trunk are listed block by block. */
export abstract class FeaturesClassifier extends ImageClassifier {
  /** torchvision's `features`, which is a method here. */
  protected abstract readonly trunk: Sequential;
  protected abstract classifier: Sequential;
  protected abstract readonly ends: readonly StageEnd[];
  /** That of the first stage. */
  protected abstract readonly stride: number;

  override members(): Iterable<readonly [string, unknown]> {
    return [
      ['features', this.trunk],
      ['classifier', this.classifier],
    ];
  }

  override get head(): Head {
    return this.classifier.layers[this.classifier.layers.length - 1] as Head;
  }

  override set head(head: Head) {
    this.classifier = new Sequential(...this.classifier.layers.slice(0, -1), head);
  }

  override layerNames(): string[] {
    const trunk = this.trunk.layers.flatMap((layer, i) =>
      isOfBlocks(layer) ? layer.layers.map((_, block) => `features.${i}.${block}`) : [`features.${i}`],
    );
    return [...trunk, ...this.classifier.layers.map((_, i) => `classifier.${i}`)];
  }

  /** A group for each stage; that of the last has what lies between trunk and head, too. */
  override layerGroups(): readonly LayerBlock[] {
    const last = this.ends[this.ends.length - 1].layer;
    const groupOf = (name: string) => {
      const number = Number(/^features\.(\d+)/.exec(name)?.[1] ?? last);
      return this.ends.findIndex(({ layer }) => number <= layer);
    };
    const below = this.layerNames().slice(0, -1);
    return this.ends.map((_, group) => {
      const layers = below.filter((name) => groupOf(name) === group);
      return { name: layers[0], layers };
    });
  }

  override get stages(): readonly FeatureStage[] {
    const names = this.layerNames();
    return halvingStages(this.trunk.layers, this.ends, this.stride, (layer) => {
      const path = `features.${layer}`;
      return names.findLast((name) => name.startsWith(`${path}.`)) ?? path;
    });
  }

  /** Means of the map through the layers between it and the head. */
  override headInput(map: Tensor, training?: Training): Tensor {
    return this.belowHead(this.pool(map), training);
  }

  protected belowHead(x: Tensor, training?: Training): Tensor {
    const below = this.classifier.layers.slice(0, -1);
    return below.reduce((y: Tensor, layer) => layer.forward(y, training), x);
  }
}

/** Whether a layer is a sequence of blocks, each of layers itself. */
function isOfBlocks(layer: Module): layer is Sequential {
  return layer instanceof Sequential && layer.layers.every((block) => [...block.namedChildren()].length > 0);
}
