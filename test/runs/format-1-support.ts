/** Run folders that commit cdc9746 made, put where a test wants them: make-format-1.mjs has their making. */
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { PredictResult, TaskKind } from '#src/finetune/index';
import { newFolder, newPath } from '../finetune/support.js';

const FIXTURES = fileURLToPath(new URL('../../../test/runs/fixtures/format-1/', import.meta.url));
/** Where the files say that their pictures are. */
const RECORDED = '/tmp/attune-format-1';

/** A copy of a run, beside its pictures. */
export interface OldRun<T extends TaskKind> {
  readonly run: string;
  /** Class folders with train/, val/ and test/ above them. */
  readonly pictures: string;
  /** What cdc9746 predicted of the pictures to test; paths are below `pictures`. */
  readonly predicted: PredictResult<T>;
}

/** A new copy, whose files name the place of the pictures' copy. */
export function oldRun<T extends TaskKind = 'classification'>(
  name: 'classes' | 'values' | 'interrupted',
): OldRun<T> {
  const place = newFolder();
  const run = newPath();
  cpSync(join(FIXTURES, name), run, { recursive: true });
  cpSync(join(FIXTURES, 'pictures'), join(place, 'pictures'), { recursive: true });
  const moved = (json: string) => json.replaceAll(RECORDED, JSON.stringify(place).slice(1, -1));
  for (const file of readdirSync(run)) {
    const path = join(run, file);
    const bytes = readFileSync(path);
    if (file.endsWith('.gz')) writeFileSync(path.slice(0, -3), withMetadata(gunzipSync(bytes), moved));
    else writeFileSync(path, moved(bytes.toString()));
  }
  knowState(run);
  const predicted = JSON.parse(readFileSync(join(run, 'predicted.json'), 'utf8'));
  return { run, pictures: join(place, 'pictures'), predicted };
}

/** A safetensors file with its metadata changed. */
function withMetadata(bytes: Buffer, change: (json: string) => string): Buffer {
  const end = 8 + Number(bytes.readBigUInt64LE());
  const { __metadata__: metadata, ...tensors } = JSON.parse(bytes.subarray(8, end).toString());
  const changed = Object.entries<string>(metadata).map(([key, text]) => [key, change(text)]);
  const text = JSON.stringify({ __metadata__: Object.fromEntries(changed), ...tensors });
  const header = Buffer.from(text.padEnd(8 * Math.ceil(Buffer.byteLength(text) / 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, bytes.subarray(end)]);
}

/** Notes the state as it is now in the manifest, as the only one: the one before it is not among the fixtures. */
function knowState(run: string): void {
  const path = join(run, 'manifest.json');
  const [last] = JSON.parse(readFileSync(path, 'utf8')).states;
  const state = readFileSync(join(run, 'state.safetensors'));
  const sha256 = createHash('sha256').update(state).digest('hex');
  writeFileSync(path, JSON.stringify({ states: [{ ...last, bytes: state.length, sha256 }] }));
}
