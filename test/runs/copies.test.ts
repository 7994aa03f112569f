/** Pictures that are in a data set twice, told from hashes alone; finetune.test.ts has those that lie in two parts. */
import { ofTwoClasses } from '#src/runs/data/copies';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('one picture in two classes of the training images is told', () => {
  const image = (name: string, label: number, fileHash: string) => ({
    path: `/${name}`,
    name,
    label,
    fileHash,
  });
  const cat = image('cat/1.png', 0, 'a');
  assert.equal(
    ofTwoClasses([cat, image('cat/2.png', 0, 'a'), image('dog/1.png', 1, 'b')], ['cat', 'dog']),
    [],
  );
  assert.equal(ofTwoClasses([cat, image('dog/1.png', 1, 'a')], ['cat', 'dog']), [
    'Note: 1 picture lies in more than one class, byte by byte (cat/1.png as cat, dog/1.png as dog): decide which class is right, and remove the other copies.',
  ]);
});

test.run();
