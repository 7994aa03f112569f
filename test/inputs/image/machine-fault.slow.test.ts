/** The slow share: more workers than a process has file handles for. */
import { execFileSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inScratch, makeFiles } from '../support.js';

if (process.platform !== 'win32') {
  test('with too few file handles the work ends in a sentence, and no good image is left out as bad', () =>
    inScratch(async (folder) => {
      makeFiles(
        folder,
        Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`photos/${i}.png`, 'chain-tiny.png'])),
      );
      const data = (name: string) => JSON.stringify(import.meta.resolve(`#src/inputs/image/${name}`));
      const code = `import { prepareImages } from ${data('prepare-images')};
        import { openPreparedCache } from ${data('prepared-cache')};
        import { imagenetPreprocessing } from ${data('preprocess')};
        const images = Array.from({ length: 60 }, (_, i) => ({ path: ${JSON.stringify(folder)} + '/photos/' + i + '.png' }));
        const cache = await openPreparedCache(imagenetPreprocessing(32), ${JSON.stringify(folder)} + '/cache-' + process.argv[1]);
        await prepareImages(images, imagenetPreprocessing(32), { workers: 32, cache }).then(
          ({ prepared, skipped }) => console.log(prepared.length, skipped.length),
          ({ code, message }) => console.log(code, message),
        );`;
      const outcomes: string[] = [];
      for (const handles of [1000, 260, 230, 200, 160, 120, 90]) {
        const script = `ulimit -n ${handles}; exec "$0" --input-type=module --eval "$1" ${handles}`;
        outcomes.push(execFileSync('sh', ['-c', script, process.execPath, code], { encoding: 'utf8' }));
      }
      assert.is(outcomes[0], '60 0\n');
      for (const outcome of outcomes.slice(1))
        assert.match(outcome, /^(60 0|disk this process may not open more)/);
      assert.match(
        outcomes.at(-1)!,
        /EMFILE \(.*\.png\): raise the limit \(ulimit -n\), or use fewer --workers/,
      );
    }));
}

test.run();
