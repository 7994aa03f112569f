/** Layers that Keras 3 calls by class and number. */
import { BatchNorm2d } from '../nn/batch-norm.js';
import { Conv2d } from '../nn/conv2d.js';
import { Linear } from '../nn/linear.js';
import type { Module } from '../nn/module.js';
import { FAMILIES } from './families.js';

/** The class of a head. */
const HEAD_CLASS = 'dense';
/** Layers that a head of several has beside the one that is ours. */
const OTHER_HEAD = /^dense_\d+$/;

/**
 * The names of layers that a file calls by class and number, as Keras 3's `.weights.h5` without a description:
 * `conv2d_3` is the fourth Conv2D of the network, which is told by how many it has of each class. Empty where the layers
 * have names, or where the network is none of these.
 */
export function layersByClass(layers: ReadonlySet<string>): ReadonlyMap<string, string> {
  for (const model of FAMILIES.flatMap((family) => family.numbered?.() ?? [])) {
    const counts = new Map<string, number>();
    const names = new Map<string, string>();
    for (const [name, module] of model.namedChildren()) {
      const className = classOf(module);
      if (className === null) continue;
      const count = counts.get(className) ?? 0;
      counts.set(className, count + 1);
      names.set(count === 0 ? className : `${className}_${count}`, name);
    }
    // A file may lack the head, or have another.
    const trunk = [...names.keys()].filter((key) => key !== HEAD_CLASS);
    const isKnown = (key: string) => names.has(key) || OTHER_HEAD.test(key);
    const isThis = trunk.every((key) => layers.has(key)) && [...layers].every(isKnown);
    if (isThis) return names;
  }
  return new Map();
}

/** The class of Keras's layer, as its files spell it; null for one without variables. */
function classOf(module: Module): string | null {
  if (module instanceof BatchNorm2d) return 'batch_normalization';
  if (module instanceof Linear) return HEAD_CLASS;
  if (!(module instanceof Conv2d)) return null;
  return (module.options.groups ?? 1) > 1 ? 'depthwise_conv2d' : 'conv2d';
}
