/** The same pictures as class folders and as a CSV file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { smallData } from './full-support.js';
import { newFolder } from './support.js';

/** The pictures of class folders with parts, which lie in `folder`, and a CSV file elsewhere that says the same. */
export function sameInBoth() {
  const folder = smallData();
  const lines = ['image,kind,split,number'];
  const part = (name: string, first: number, count: number) => {
    for (const [kind, animal] of ['ant', 'bee'].entries())
      for (let i = first; i < first + count; i++)
        lines.push(`${name}/${animal}/${animal}-${i}.png,${animal},${name},${kind}`);
  };
  part('test', 200, 2);
  part('train', 0, 8);
  part('val', 100, 3);
  const csv = join(newFolder(), 'labels.csv');
  writeFileSync(csv, `${lines.join('\n')}\n`);
  return { folder, csv, images: folder };
}

/** A file with one column to learn, and what is to be said of it. */
export function guessed() {
  const { csv, images } = sameInBoth();
  const only = join(newFolder(), 'only.csv');
  const rows = readFileSync(csv, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(',').slice(0, 3).join());
  writeFileSync(only, `${rows.join('\n')}\n`);
  return { only, given: { images }, note: 'Column kind holds 2 different texts, taken as labels.' };
}
