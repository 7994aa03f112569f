/** What a person looks at: explanations of answers, and reports of runs. */
export { type CompareOptions, compare } from './compare/compare.js';
export type { CompareResult, Difference, PairedRuns } from './compare/compare-result.js';
export { epochsText, pText, groupedValues, runsText } from './compare/compare-text.js';
export type { ComparedRun } from './compare/compared-run.js';
export { type ExplainOptions, type ExplainResult, type Explanation, explain } from './explain/explain.js';
export { HEAT_MAP_METHODS, type HeatMapMethod } from './explain/methods.js';
export type { Neighbor } from './explain/neighbors.js';
export type { GatherOptions } from './gather/gather-run.js';
export { report, type ReportOptions, type ReportResult } from './write-report.js';
