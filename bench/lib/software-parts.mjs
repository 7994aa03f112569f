/** The parts of software.mjs: what is compared with whom, how often, and what is demanded. */
import { MOBILENET_V2, RESNET50 } from './networks.mjs';

const SIDE = 224;
const atLeast = (ratio) => ({ sense: 'speedup', ratio });

const product = (peer) => ({
  name: 'matrix product 1152^3',
  task: 'operation',
  operation: 'matrix product, 1152x1152x1152',
  peer,
  rounds: 5,
  target: atLeast(2.2),
});

/** `memory`: the largest share of the peer's peak of GPU memory that is allowed. */
const network = (name, options) => ({ name, side: SIDE, peer: 'tfjs', memory: 0.5, ...options });

export const SOFTWARE_PARTS = {
  matmul: [product('tfjs'), product('jax')],
  inference: [
    network('ResNet50 inference', {
      task: 'inference',
      network: RESNET50,
      batch: 2,
      rounds: 5,
      target: atLeast(3),
    }),
  ],
  mobilenet: [
    network('MobileNetV2 training step', {
      task: 'training',
      network: MOBILENET_V2,
      batch: 2,
      rounds: 3,
      target: atLeast(5),
    }),
  ],
  resnet50: [
    network('ResNet50 training step', {
      task: 'training',
      network: RESNET50,
      batch: 2,
      rounds: 2,
      target: atLeast(5),
    }),
  ],
  // A step of tfjs takes more than a minute.
  'resnet50-batch8': [
    network('ResNet50 training step', {
      task: 'training',
      network: RESNET50,
      batch: 8,
      rounds: 1,
      target: atLeast(5),
    }),
  ],
};
