/** One model of each kind of block against torchvision; the others are in torchvision.slow.test.ts. */
import { mobilenetV2 } from '#src/models/mobilenet-v2';
import { resnet18, resnet50 } from '#src/models/resnet';
import { test } from 'uvu';
import { testModel } from './torchvision-suite.js';

testModel(resnet18(), 512, { convolutions: 20, others: 3 });
testModel(resnet50(), 2048, { convolutions: 53, others: 3 });
testModel(mobilenetV2(), 1280, { convolutions: 52, others: 2 });

test.run();
