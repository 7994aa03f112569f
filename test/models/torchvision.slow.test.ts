/** ResNet 18, 34, 101 and 152 against torchvision. */
import { resnet18, resnet34, resnet101, resnet152 } from '#src/models/resnet';
import { test } from 'uvu';
import { testModel } from './torchvision-suite.js';

testModel(resnet18(), 512, { convolutions: 20, others: 3 });
testModel(resnet34(), 512, { convolutions: 36, others: 3 });
testModel(resnet101(), 2048, { convolutions: 104, others: 3 });
testModel(resnet152(), 2048, { convolutions: 155, others: 3 });

test.run();
