/** A list of images that does not fit the header of a state is refused before anything is opened, and no other is. */
import { safetensorsPieces, type TensorFile } from '#src/formats/index';
import { checkpointInfo } from '#src/runs/checkpoint';
import type { FoundImages } from '#src/runs/data/found-images';
import { refuseUnreadable, refuseUnstorable } from '#src/runs/state-size';
import { classification } from '#src/tasks/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails } from '../finetune/support.js';

/** What is left for all else. */
const OTHER = 2_000_000;

/** Names that grow when they are written as text within text. */
const NAMES = ['ant/plain.png', 'ant/"quoted".png', 'bee/\\back.png', '类/图.png', 'bee/\u0001.png'];

function found(count: number): FoundImages {
  const image = (i: number) => ({ path: `/data/${NAMES[i % 5]}`, name: NAMES[i % 5]!, label: i % 2 });
  const images = Array.from({ length: count }, (_, i) => image(i));
  return {
    inputKind: 'image' as const,
    root: '/data',
    train: images.slice(10),
    val: images.slice(0, 5),
    test: images.slice(5, 10),
    task: classification(['ant', 'bee']),
    skipped: [{ path: '/data/"odd".txt', reason: 'no image' }],
    isSplit: false,
    learnt: { label: null, target: null },
    note: null,
  };
}

/** Bytes of the header as a state is written. */
async function headerBytes({ train, val, test: tested, task, skipped }: FoundImages): Promise<number> {
  const stored = (part: FoundImages['train']) =>
    part.map(({ path, name, label }) => ({ path, name, target: label, hash: '0'.repeat(64) }));
  const images = { train: stored(train), val: stored(val), test: stored(tested) };
  const metadata = { state: JSON.stringify({ images, task: task.info, skipped }) };
  const { value } = await safetensorsPieces([], metadata).next();
  return (value as Uint8Array).length;
}

test('what is counted are the bytes that the state takes', async () => {
  const images = found(1000);
  const bytes = await headerBytes(images);
  await refuseUnstorable(images, undefined, bytes + OTHER);
  // Less by what else the header has beside the lists.
  await fails(
    refuseUnstorable(images, undefined, bytes + OTHER - 200),
    'data',
    /^a run of 1,000 files could not be saved: their list takes \d+ kB, and a state has room for \d+ kB, about 9\d\d files \(\/data\)/,
  );
});

test('half a million images of usual paths fit', async () => {
  const bytes = (await headerBytes(found(1000))) / 1000;
  assert.ok(bytes * 500_000 + OTHER < 100_000_000, `${bytes} bytes an image`);
});

test('names of classes that no checkpoint gives back are refused, and so are texts as long in one', async () => {
  const named = (bytes: number) => [
    'a',
    'b'.repeat(bytes - JSON.stringify({ kind: 'classification', classes: ['a', ''] }).length),
  ];
  const of = (bytes: number) => ({ root: '/data', task: classification(named(bytes)) });
  refuseUnreadable(of(4_000_000));
  const found = of(4_000_001);
  assert.throws(
    () => refuseUnreadable(found),
    /^the names of the 2 classes or columns have more than 4,000,000 characters/,
  );
  const info = (classes: string) => () =>
    checkpointInfo(
      { metadata: { attune: '1', model: 'resnet18', classes } } as unknown as TensorFile,
      'a.safetensors',
    );
  assert.throws(info(`[${'[],'.repeat(1_333_333)}1]`), /has more than 4000000 characters \(a\.safetensors\)/);
});

test.run();
