/** The networks of networks.mjs in attune, made of its layers. */
import { mobilenetV2, resnet50, vitB16 } from '../../dist/models/index.js';
import { BatchNorm2d, Conv2d, Initializer, Linear, Module, sequential } from '../../dist/nn/index.js';
import { add, globalAveragePool, relu, relu6 } from '../../dist/ops/index.js';
import { blocksOf, SMALL_FILTERS } from './networks.mjs';
import { CLASSES } from './resnet50-weights.mjs';

export function attuneNetwork(network) {
  return NETWORKS[network.kind](network);
}

const NETWORKS = {
  resnet50: () => resnet50(),
  mobilenetV2: () => withoutDropout(mobilenetV2()),
  vitB16: () => vitB16(),
  invertedResiduals: (network) => new InvertedResiduals(network),
  small: (network) => new Small(network),
};

/** Dropout that keeps all: what is random cannot be compared. */
function withoutDropout(model) {
  model.classifier.layers[0].probability = 0;
  return model;
}

class Small extends Module {
  constructor({ channels }) {
    super();
    const initializer = new Initializer(1);
    const [first, second] = SMALL_FILTERS;
    this.conv1 = new Conv2d(channels, first, { kernel: 3, padding: 1 }, initializer);
    this.bn1 = new BatchNorm2d(first);
    this.conv2 = new Conv2d(first, second, { kernel: 3, padding: 1, stride: 2 }, initializer);
    this.bn2 = new BatchNorm2d(second);
    this.fc = new Linear(second, CLASSES, initializer);
  }

  forward(x, training) {
    const y = relu(this.bn1.forward(this.conv1.forward(x), training));
    return this.fc.forward(globalAveragePool(relu(this.bn2.forward(this.conv2.forward(y), training))));
  }
}

class Relu6 extends Module {
  forward(x) {
    return relu6(x);
  }
}

/** 1x1 to the hidden channels, depthwise 3x3 with the stride, 1x1 to the outputs; fields named as torchvision's. */
class InvertedResidual extends Module {
  constructor({ inputs, hidden, outputs, stride }, initializer) {
    super();
    const convolution = (from, to, options) => new Conv2d(from, to, options, initializer);
    const activated = (conv) => sequential(conv, new BatchNorm2d(conv.weight.shape[3]), new Relu6());
    const depthwise = { kernel: 3, stride, padding: 1, groups: hidden };
    this.hasShortcut = stride === 1 && inputs === outputs;
    this.conv = sequential(
      ...(hidden === inputs ? [] : [activated(convolution(inputs, hidden, { kernel: 1 }))]),
      activated(convolution(hidden, hidden, depthwise)),
      convolution(hidden, outputs, { kernel: 1 }),
      new BatchNorm2d(outputs),
    );
  }

  forward(x, training) {
    const y = this.conv.forward(x, training);
    return this.hasShortcut ? add(y, x) : y;
  }
}

class InvertedResiduals extends Module {
  constructor(network) {
    super();
    const initializer = new Initializer(1);
    const blocks = blocksOf(network);
    this.blocks = sequential(...blocks.map((block) => new InvertedResidual(block, initializer)));
    this.fc = new Linear(blocks.at(-1).outputs, CLASSES, initializer);
  }

  forward(x, training) {
    return this.fc.forward(globalAveragePool(this.blocks.forward(x, training)));
  }
}
