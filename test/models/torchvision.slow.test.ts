/** ResNet 101 and 152 against torchvision. */
import { resnet101, resnet152 } from '#src/models/resnet';
import { test } from 'uvu';
import { testModel } from './torchvision-suite.js';

testModel(resnet101(), 2048, { convolutions: 104, others: 3 });
testModel(resnet152(), 2048, { convolutions: 155, others: 3 });

test.run();
