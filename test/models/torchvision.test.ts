/** The default ResNet and MobileNetV2 against torchvision; the other ResNets are in torchvision.slow.test.ts. */
import { mobilenetV2 } from '#src/models/mobilenet-v2';
import { resnet50 } from '#src/models/resnet';
import { test } from 'uvu';
import { testModel } from './torchvision-suite.js';

testModel(resnet50(), 2048, { convolutions: 53, others: 3 });
testModel(mobilenetV2(), 1280, { convolutions: 52, others: 2 });

test.run();
