/** The ways to explain an answer. Alone in a file without imports, so that the command line need not load the engine. */
export const HEAT_MAP_METHODS = [
  'grad-cam',
  'grad-cam++',
  'attention-gradients',
  'attention-rollout',
  'integrated-gradients',
  'occlusion',
] as const;

/** One of them. */
export type HeatMapMethod = (typeof HEAT_MAP_METHODS)[number];
