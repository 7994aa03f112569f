/** A run that could not be saved ends before anything is opened, where a probe goes on. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finetune } from '#src/finetune/index';
import { test } from 'uvu';
import { fails, newPath } from '../finetune/support.js';

test('a run says so before it opens an image, and a probe saves no state', async () => {
  const folder = newPath();
  mkdirSync(folder);
  // Each byte is seven in text within text; the path itself stays short.
  const long = '\u0001'.repeat(740_000);
  const rows = Array.from({ length: 20 }, (_, i) => `${long}/../${i}.png,${i % 2 ? 'ant' : 'bee'}`);
  for (let i = 0; i < 20; i++) writeFileSync(join(folder, `${i}.png`), 'no picture');
  const data = join(folder, 'images.csv');
  writeFileSync(data, `image,label\n${rows.join('\n')}`);
  const options = { data, model: 'resnet-small', weights: 'none', device: 'cpu' } as const;
  const whole = { ...options, strategy: 'full', out: newPath() } as const;
  await fails(finetune(whole), 'data', /^a run of 20 files could not be saved: their list takes 104 MB/);
  const probe = { ...options, strategy: 'probe', out: newPath() } as const;
  await fails(finetune(probe), 'data', /images? (?:is|are) bad|cannot be|no readable/);
});

test.run();
