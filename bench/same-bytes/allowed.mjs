/** What may differ between two runs of the same recipe: in which files, at which keys, and why. */
export const ALLOWED = [
  {
    file: /\.(json|jsonl|safetensors)$/,
    key: /(^|\.)(seconds|timed_seconds|images_per_second)$/,
    reason: 'a clock measured it',
  },
  {
    file: /(^|\/)manifest\.json$/,
    key: /\.(bytes|sha256)$/,
    reason: 'sums of a state, in which there are times',
  },
  {
    file: /\.safetensors$/,
    key: /^metadata\.state\.events\.(file|bytes)$/,
    reason: 'the name of an event file has the time and the process; its records have times',
  },
  {
    file: /\.safetensors$/,
    key: /^metadata\.(attune_run|state\.images\.(train|val|test)\.\d+\.(label|values))$/,
    reason: 'images of a state of format 8 have the target of their task in place of these two',
  },
  {
    file: /recipe\.json$/,
    key: /^made_by\.attune$/,
    reason: 'the version of attune',
  },
];

/** Files that are not compared, and why. What is in them is in others that are. */
export const NOT_COMPARED = [
  {
    file: /(^|\/)events\.out\.tfevents\./,
    reason: 'every record has the time; the curves are in metrics.jsonl',
  },
  { file: /\.html$/, reason: 'the page tells times and dates' },
];
