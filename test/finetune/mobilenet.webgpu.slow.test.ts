/** MobileNetV2 on a GPU, in torchvision's graph and in Keras's. */
import { probeAdapters } from '#src/device/webgpu/node';
import { test } from 'uvu';
import { assertTrains, MOBILE_NETS } from './mobilenet-suite.js';

const [first] = await probeAdapters();

for (const network of MOBILE_NETS) {
  test(`${network.architecture} is trained from layer ${network.trainFrom} on, evaluated, and predicts`, () =>
    assertTrains(network, { device: 'webgpu', adapter: first?.adapter ?? '' }));
}

test.run();
