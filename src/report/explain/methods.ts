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

/** What a page calls them. */
export const HEAT_MAP_TITLES: Readonly<Record<HeatMapMethod, string>> = {
  'grad-cam': 'Grad-CAM (Selvaraju et al., 2017)',
  'grad-cam++': 'Grad-CAM++ (Chattopadhyay et al., 2018)',
  'attention-gradients': 'attention weighted by its gradient (Chefer et al., 2021)',
  'attention-rollout': 'attention rollout (Abnar and Zuidema, 2020)',
  'integrated-gradients': 'integrated gradients (Sundararajan et al., 2017)',
  occlusion: 'occlusion (Zeiler and Fergus, 2014)',
};
