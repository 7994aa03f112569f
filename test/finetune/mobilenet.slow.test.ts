/** MobileNetV2 on the CPU, in torchvision's graph and in Keras's. */
import { test } from 'uvu';
import { assertTrains, MOBILE_NETS } from './mobilenet-suite.js';

for (const network of MOBILE_NETS) {
  test(`${network.architecture} is trained from layer ${network.trainFrom} on, evaluated, and predicts`, () =>
    assertTrains(network, { device: 'cpu' }));
}

test.run();
