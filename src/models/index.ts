/** models: networks that read like their paper's table, their preprocessing, and loading weights into them. */
export { ImageClassifier, trunkOf } from './classifier.js';
export { ConvNext, type ConvNextOptions, convnextTiny } from './convnext.js';
export { EfficientNet, efficientnetB0, type EfficientNetOptions } from './efficientnet.js';
export { deitB16Distilled, deitS16Distilled, deitTi16Distilled } from './deit.js';
export { type Architecture, detectArchitecture, type TensorShape } from './detect.js';
export { type ImagenetClass, imagenetClasses, imagenetIndex } from './imagenet-classes.js';
export type { Activation } from './export/activation.js';
export { type Graph, graphOf, type Layer } from './export/graph.js';
export { type KerasModel, kerasModel, type KerasVariables, kerasWeights } from './export/keras.js';
export { type OnnxDescription, onnxModel } from './export/onnx.js';
export {
  type BatchCounters,
  hubConfigOf,
  inNamesOf,
  NAME_LIBRARIES,
  type NameLibrary,
  networkIn,
  readCounters,
  torchStateDict,
} from './export/state-dict.js';
export { KerasMobileNetV2, kerasMobilenetV2 } from './keras-mobilenet-v2.js';
export { KerasResNet50, kerasResnet50 } from './keras-resnet50.js';
export { type HeadShape, putHead, refuseHead, replaceHead } from './head.js';
export { type Identity, identify, optionsOfArrays } from './identify.js';
export { loadTensors, loadWeights, type LoadWeightsOptions } from './load.js';
export { MobileNetV2, type MobileNetV2Options, mobilenetV2 } from './mobilenet-v2.js';
export {
  MobileNetV3,
  type MobileNetV3Options,
  mobilenetV3Large,
  mobilenetV3Small,
} from './mobilenet-v3.js';
export { constantsOfNames, modelTensors } from './naming.js';
export { IMAGENET_PREPROCESSING, type ModelPreprocessing } from './preprocessing.js';
export { DEFAULT_MODEL, MODEL_NAMES, type ModelName } from './names.js';
export {
  type AttentionPass,
  type ClassAttention,
  type FeatureOptions,
  type FeatureShape,
  type Head,
  isIn,
  type LayerBlock,
  layerNames,
  Network,
  type FeatureStage,
  type NetworkConstants,
  startLayer,
} from './network.js';
export { findModel, fineTuningOf, type ModelEntry, type ModelOptions } from './registry.js';
export {
  ResNet,
  type ResNetOptions,
  resnet101,
  resnet152,
  resnet18,
  resnet34,
  resnet50,
} from './resnet.js';
export { resnetSmall, SmallResNet, type SmallResNetOptions } from './resnet-small.js';
export { Vgg, vgg16, type VggOptions } from './vgg.js';
export type { Encoder, EncoderBlock, EncoderLayers } from './vit-blocks.js';
export { VisionTransformer, type ViTOptions, vitB16, vitB32, vitL16, vitS16, vitTi16 } from './vit.js';
export { vitSmall } from './vit-small.js';
