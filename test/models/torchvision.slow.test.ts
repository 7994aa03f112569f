/** ResNet 18, 34, 101 and 152, the large MobileNetV3, ConvNeXt-T and VGG16 against torchvision. */
import { convnextTiny } from '#src/models/convnext';
import { mobilenetV3Large } from '#src/models/mobilenet-v3';
import { resnet18, resnet34, resnet101, resnet152 } from '#src/models/resnet';
import { vgg16 } from '#src/models/vgg';
import { test } from 'uvu';
import { testModel } from './torchvision-suite.js';

testModel(resnet18(), 512, { convolutions: 20, others: 3 });
testModel(resnet34(), 512, { convolutions: 36, others: 3 });
testModel(resnet101(), 2048, { convolutions: 104, others: 3 }, 5e-5);
testModel(resnet152(), 2048, { convolutions: 155, others: 3 }, 5e-5);
testModel(mobilenetV3Large(), 1280, { convolutions: 46, others: null });
testModel(convnextTiny(), 768, { convolutions: 0, others: null });
testModel(vgg16(), 4096, { convolutions: 0, others: null });

test.run();
