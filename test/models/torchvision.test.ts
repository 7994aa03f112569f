/** The default ResNet and small networks against torchvision; the others are in torchvision.slow.test.ts. */
import { efficientnetB0 } from '#src/models/efficientnet';
import { mobilenetV2 } from '#src/models/mobilenet-v2';
import { mobilenetV3Small } from '#src/models/mobilenet-v3';
import { resnet50 } from '#src/models/resnet';
import { test } from 'uvu';
import { testModel } from './torchvision-suite.js';

testModel(resnet50(), 2048, { convolutions: 53, others: 3 });
testModel(mobilenetV2(), 1280, { convolutions: 52, others: 2 });
testModel(mobilenetV3Small(), 1024, { convolutions: 34, others: 67 });
testModel(efficientnetB0(), 1280, { convolutions: 49, others: 131 });

test.run();
