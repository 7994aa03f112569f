/**
 * Mutations of ONNX models. A message knows the length of what is in it, so a change of one byte mostly breaks the
 * outermost one: these change the fields of an inner message, and write the ones around it anew.
 */

import {
  bytesField,
  type Encoded,
  integerField,
  message,
  messageField,
  stringField,
} from '#src/formats/protobuf-write';
import { readTensorFile } from '#src/formats/any-format/recognise';
import { type FuzzTarget, INTERESTING, mutateBytes, type Random } from './fuzz.js';
import { concat, fixtureBytes, memorySiblings } from './support.js';

/** A field as a tree: the pieces of a message can be changed, left out and doubled. */
type Tree = readonly [number: number, value: number | string | Uint8Array | readonly Tree[]];

const FLOATS = new Uint8Array(16);

const TENSOR: readonly Tree[] = [
  [1, 2],
  [1, 2],
  [2, 1],
  [8, 'w'],
  [9, FLOATS],
];
const EXTERNAL: readonly Tree[] = [
  [1, 4],
  [2, 1],
  [8, 'e'],
  [
    13,
    [
      [1, 'location'],
      [2, 'weights.bin'],
    ],
  ],
  [
    13,
    [
      [1, 'offset'],
      [2, '16'],
    ],
  ],
  [
    13,
    [
      [1, 'length'],
      [2, '16'],
    ],
  ],
  [14, 1],
];
const MODEL: readonly Tree[] = [
  [1, 8],
  [2, 'pytorch'],
  [
    7,
    [
      [
        1,
        [
          [1, 'x'],
          [1, 'w'],
          [1, 'e'],
          [2, 'y'],
          [4, 'Conv'],
          [
            5,
            [
              [1, 'strides'],
              [8, 2],
              [8, 2],
              [20, 7],
            ],
          ],
        ],
      ],
      [
        1,
        [
          [2, 'c'],
          [4, 'Constant'],
          [
            5,
            [
              [1, 'value'],
              [
                5,
                [
                  [1, 2],
                  [2, 10],
                  [5, Uint8Array.of(1, 2)],
                ],
              ],
            ],
          ],
        ],
      ],
      [
        1,
        [
          [1, 'y'],
          [1, 'g'],
          [1, 'c'],
          [2, 'z'],
          [4, 'Gemm'],
          [
            5,
            [
              [1, 'transB'],
              [3, 1],
            ],
          ],
        ],
      ],
      [
        1,
        [
          [1, 'w'],
          [2, 'copy'],
          [4, 'Identity'],
        ],
      ],
      [5, TENSOR],
      [5, EXTERNAL],
      [
        5,
        [
          [1, Uint8Array.of(2, 2)],
          [2, 7],
          [8, 'g'],
          [7, Uint8Array.of(1, 2, 0x80, 1, 4)],
        ],
      ],
    ],
  ],
  [
    14,
    [
      [1, 'classes'],
      [2, '["ant","bee"]'],
    ],
  ],
];

function mutateTree(random: Random, trees: readonly Tree[]): Tree[] {
  const mutants = [...trees];
  if (mutants.length === 0) return [[1 + random.below(15), random.below(20)]];
  const at = random.below(mutants.length);
  const [number, value] = mutants[at];
  if (Array.isArray(value) && random.chance(90)) {
    mutants[at] = [number, mutateTree(random, value as readonly Tree[])];
    return mutants;
  }
  switch (random.below(6)) {
    case 0:
      mutants.splice(at, 1);
      break;
    case 1:
      mutants.splice(at, 0, mutants[at]);
      break;
    case 2:
      mutants[at] = [random.chance(80) ? 1 + random.below(15) : 20, value];
      break;
    case 3:
      mutants[at] = [number, random.chance(60) ? random.below(20) : Math.abs(random.pick(INTERESTING))];
      break;
    case 4:
      mutants[at] = [
        number,
        random.pick(['', 'w', 'weights.bin', '../x', '-1', '8', 'c', 'Constant', 'transB']),
      ];
      break;
    default: {
      const bytes = value instanceof Uint8Array ? value : Uint8Array.of(1, 2, 3, 4);
      mutants[at] = [number, mutateBytes(random, bytes)];
    }
  }
  return mutants;
}

/** The fields of MODEL as they are encoded, for a mutation changes few of them: half the time of a case. */
const ENCODED = new Map<Tree, Encoded>();

function encode(trees: readonly Tree[]): Encoded {
  return message(...trees.map((tree) => ENCODED.get(tree) ?? encodeField(tree)));
}

function encodeField([number, value]: Tree): Encoded {
  if (typeof value === 'number') return integerField(number, value);
  if (typeof value === 'string') return stringField(number, value);
  return value instanceof Uint8Array ? bytesField(number, value) : messageField(number, encode(value));
}

function encodeOnce(trees: readonly Tree[]): void {
  for (const tree of trees) {
    if (Array.isArray(tree[1])) encodeOnce(tree[1] as readonly Tree[]);
    const piece = concat(...encodeField(tree).pieces);
    ENCODED.set(tree, { length: piece.length, pieces: [piece] });
  }
}
encodeOnce(MODEL);

const SEEDS = [
  concat(...encode(MODEL).pieces),
  fixtureBytes('onnx/named.onnx'),
  fixtureBytes('onnx/folded.onnx'),
];

function mutate(random: Random): Uint8Array {
  if (random.chance(15)) return mutateBytes(random, random.pick(SEEDS));
  let trees: readonly Tree[] = MODEL;
  for (let left = 1 + random.below(3); left > 0; left--) {
    // The first two fields and the graph's own place are what a model is recognised by.
    trees = [trees[0], trees[1], ...mutateTree(random, trees.slice(2))];
  }
  return concat(...encode(trees).pieces);
}

export const ONNX_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'onnx',
    parse: (source) => readTensorFile(source, memorySiblings({ 'weights.bin': new Uint8Array(32) })),
    pastHeader: /, (graph|node|tensor)|memory/,
    mutate,
  },
];
