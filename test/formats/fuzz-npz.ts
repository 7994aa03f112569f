/** Mutations of NumPy archives: mostly of the arrays' headers, in an archive that is honest about them. */

import { deflateRawSync } from 'node:zlib';
import { crc32 } from '#src/formats/crc32';
import { readTensorFile } from '#src/formats/any-format/recognise';
import { type FuzzTarget, INTERESTING, mutateBytes, mutateRecord, type Random } from './fuzz.js';
import { concat, little, type ZipRecordOptions, zip } from './support.js';

const HEADERS = [
  "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n",
  "{'descr': '>f2', 'fortran_order': True, 'shape': (3, 4), }\n",
  "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }\n",
];
const DATA = new Uint8Array(24);

const PIECES = [
  "'<f4'",
  "'|O'",
  "'<U5'",
  'True',
  'False',
  '()',
  '(24,)',
  '(6,)',
  ', ',
  "'|u1'",
  "'>c8'",
  '[',
  '}',
];

/** Another number, type, order or piece of the header. */
function mutateHeader(random: Random, header: string): string {
  const tokens = header.match(/'[^']*'|\d+|True|False|./gs) ?? [];
  for (let left = 1 + random.below(2); left > 0; left--) {
    const at = random.below(tokens.length);
    if (random.chance(50)) {
      const numbers = tokens.flatMap((token, i) => (/^\d+$/.test(token) ? [i] : []));
      if (numbers.length > 0) {
        const number = random.chance(70) ? random.below(13) : random.pick(INTERESTING);
        tokens[random.pick(numbers)] = String(number);
      }
    } else tokens[at] = random.chance(50) ? random.pick(PIECES) : '';
  }
  return tokens.join('');
}

function record(random: Random, name: string, header: string, isCompressed: boolean): ZipRecordOptions {
  const text = new TextEncoder().encode(header);
  const major = random.chance(90) ? 1 : random.below(4);
  const magic = [0x93, ...new TextEncoder().encode('NUMPY'), major, 0];
  const data = concat(magic, little(text.length, major === 1 ? 2 : 4), text, DATA);
  if (!isCompressed) return { name, data };
  const compressed = new Uint8Array(deflateRawSync(data));
  const mutant = random.chance(20) ? mutateBytes(random, compressed) : compressed;
  const size = random.chance(10) ? random.pick(INTERESTING) : data.length;
  return { name, data: mutant, method: 8, compressedSize: mutant.length, size, crc: crc32(data) };
}

function mutate(random: Random): Uint8Array {
  const part = random.below(10);
  const records = HEADERS.map((header, i) =>
    record(
      random,
      `${i}.npy`,
      part < 8 && random.chance(50) ? mutateHeader(random, header) : header,
      i === 2,
    ),
  );
  if (part === 8) mutateRecord(random, records);
  return part === 9 ? mutateBytes(random, zip(records)) : zip(records);
}

export const NPZ_TARGETS: readonly FuzzTarget[] = [
  { name: 'npz', parse: readTensorFile, pastHeader: /, array /, mutate },
];
