/** What a person looks at: explanations of answers. */
export { type ExplainOptions, type ExplainResult, type Explanation, explain } from './explain/explain.js';
export { HEAT_MAP_METHODS, type HeatMapMethod } from './explain/methods.js';
export type { Neighbor } from './explain/neighbors.js';
