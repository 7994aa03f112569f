/**
 * What libraries call the tensors of a vision Transformer: torchvision's first files, timm, and Hugging Face, whose queries,
 * keys and values are tensors of their own.
 */
import type { Naming } from './family.js';

const BLOCK = 'encoder.layers.encoder_layer_{b}';

/** torchvision 0.12 called the linear layers of a block otherwise. */
const FIRST_NAMES: Naming = {
  name: 'torchvision 0.12',
  marker: 'encoder.layers.encoder_layer_0.mlp.linear_1.weight',
  layers: [
    [`${BLOCK}.mlp.linear_1`, `${BLOCK}.mlp.0`],
    [`${BLOCK}.mlp.linear_2`, `${BLOCK}.mlp.3`],
  ],
};

export const TIMM_VIT: Naming = {
  name: 'timm',
  marker: 'patch_embed.proj.weight',
  layers: [
    ['cls_token', 'class_token'],
    ['pos_embed', 'encoder.pos_embedding'],
    ['patch_embed.proj', 'conv_proj'],
    ['blocks.{b}.norm1', `${BLOCK}.ln_1`],
    ['blocks.{b}.attn.qkv.weight', `${BLOCK}.self_attention.in_proj_weight`],
    ['blocks.{b}.attn.qkv.bias', `${BLOCK}.self_attention.in_proj_bias`],
    ['blocks.{b}.attn.proj', `${BLOCK}.self_attention.out_proj`],
    ['blocks.{b}.norm2', `${BLOCK}.ln_2`],
    ['blocks.{b}.mlp.fc1', `${BLOCK}.mlp.0`],
    ['blocks.{b}.mlp.fc2', `${BLOCK}.mlp.3`],
    ['norm', 'encoder.ln'],
    ['head', 'heads.head'],
  ],
};

export const TIMM_NAMES: Readonly<Record<string, string>> = {
  vit_ti_16: 'vit_tiny_patch16_224',
  vit_s_16: 'vit_small_patch16_224',
  vit_b_16: 'vit_base_patch16_224',
  vit_b_32: 'vit_base_patch32_224',
  vit_l_16: 'vit_large_patch16_224',
};

/** Hugging Face's, with the prefix of a class, `vit.` or `deit.`, or without one, as a trunk alone is saved. */
function huggingFace(prefix: string): Naming {
  const theirs = `${prefix}encoder.layer.{b}`;
  const attention = ['query', 'key', 'value'].map((part) => `${theirs}.attention.attention.${part}`);
  return {
    name: `Hugging Face ${prefix}`,
    marker: `${prefix}embeddings.cls_token`,
    layers: [
      [`${prefix}embeddings.cls_token`, 'class_token'],
      [`${prefix}embeddings.position_embeddings`, 'encoder.pos_embedding'],
      [`${prefix}embeddings.patch_embeddings.projection`, 'conv_proj'],
      [`${theirs}.layernorm_before`, `${BLOCK}.ln_1`],
      [`${theirs}.attention.output.dense`, `${BLOCK}.self_attention.out_proj`],
      [`${theirs}.layernorm_after`, `${BLOCK}.ln_2`],
      [`${theirs}.intermediate.dense`, `${BLOCK}.mlp.0`],
      [`${theirs}.output.dense`, `${BLOCK}.mlp.3`],
      [`${prefix}layernorm`, 'encoder.ln'],
      ['classifier', 'heads.head'],
    ],
    joined: ['weight', 'bias'].map((field) => [
      attention.map((layer) => `${layer}.${field}`),
      `${BLOCK}.self_attention.in_proj_${field}`,
    ]),
    constants: { epsilon: 1e-12 },
  };
}

/** Two heads whose answers' mean is the network's are one head on both tokens. */
function headsOf(onClass: string, onDistillation: string): NonNullable<Naming['joined']> {
  return ['weight', 'bias'].map((field) => [
    [`${onClass}.${field}`, `${onDistillation}.${field}`],
    `heads.head.${field}`,
    'mean',
  ]);
}

export const TIMM_DEIT: Naming = {
  ...TIMM_VIT,
  name: 'timm, distilled',
  marker: 'dist_token',
  layers: [['dist_token', 'distillation_token'], ...TIMM_VIT.layers],
  joined: headsOf('head', 'head_dist'),
};

/** With a distillation token, and two heads (`DeiTForImageClassificationWithTeacher`) or one on the class token alone. */
function huggingFaceDistilled(prefix: string): Naming {
  const usual = huggingFace(prefix);
  const theirs = `${prefix}embeddings.distillation_token`;
  return {
    ...usual,
    name: `Hugging Face ${prefix}, distilled`,
    marker: theirs,
    layers: [[theirs, 'distillation_token'], ...usual.layers],
    joined: [
      ...(usual.joined ?? []),
      ...headsOf('cls_classifier', 'distillation_classifier'),
      [['classifier.weight'], 'heads.head.weight', 'firstHalf'],
    ],
  };
}

export const HUGGING_FACE_DEIT = huggingFaceDistilled('deit.');

export const DEIT_NAMINGS: readonly Naming[] = [TIMM_DEIT, HUGGING_FACE_DEIT, huggingFaceDistilled('')];

export const HUGGING_FACE_VIT = huggingFace('vit.');

export const VIT_NAMINGS: readonly Naming[] = [
  FIRST_NAMES,
  TIMM_VIT,
  HUGGING_FACE_VIT,
  huggingFace('deit.'),
  huggingFace(''),
];
