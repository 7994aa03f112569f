/** Workers: results, failures, time limits, deaths, and that they let the process end. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runImageWork } from '#src/inputs/image/image-work';
import { openImagePool } from '#src/inputs/image/pool';
import { imagenetPreprocessing } from '#src/inputs/image/preprocess';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, fixture, fixtureBytes, inScratch, sha256 } from '../support.js';

const preprocessing = imagenetPreprocessing(32);
const prepare = (name: string) => ({ kind: 'prepare', path: fixture(name), preprocessing }) as const;

/** A worker that dies, hangs or answers, as the path says; without the image library. */
const moody = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ path }) => {
      if (path === 'exit') process.exit(3);
      if (path === 'throw') setTimeout(() => { throw new Error('worker trouble'); });
      else if (path === 'handles')
        setTimeout(() => { throw Object.assign(new Error('EMFILE: open'), { code: 'EMFILE' }); });
      else if (path === 'loop') for (;;);
      else if (path !== 'hang') parentPort.postMessage({ result: { fileHash: path } });
    });`)}`,
);
const hash = (path: string) => ({ kind: 'hash', path }) as const;

test('workers give what the main thread gives', async () => {
  const pool = openImagePool({ workers: 2 });
  const names = [
    'jpeg-420.jpg',
    'png-rgb16.png',
    'png-alpha.png',
    'gif-animated.gif',
    'exif-6.jpg',
    'jpeg-cmyk.jpg',
  ];
  const results = await Promise.all(names.map((name) => pool.run(prepare(name))));
  for (const [i, name] of names.entries()) {
    assert.equal(results[i], await runImageWork(prepare(name)), name);
    assert.is(results[i].fileHash, sha256(fixtureBytes(name)));
    assert.is(results[i].image.pixels.length, 32 * 32 * 3);
  }
  assert.equal(await pool.run(hash(fixture('exif-1.jpg'))), { fileHash: sha256(fixtureBytes('exif-1.jpg')) });
  await pool.close();
});

test('a bad image fails with its own error, and the worker goes on', () =>
  inScratch(async (folder) => {
    const pool = openImagePool({ workers: 1 });
    const path = join(folder, 'broken.jpg');
    writeFileSync(path, fixtureBytes('jpeg-444.jpg').subarray(0, 1000));
    const [broken, missing, good] = [
      pool.run({ ...prepare('x'), path }),
      pool.run(prepare('none.jpg')),
      pool.run(prepare('png-rgb.png')),
    ];
    const error = await fails(broken, 'input', /cannot be decoded, .*premature end/);
    assert.is(error.where, path);
    await fails(missing, 'input', /there is no such image/);
    assert.is((await good).image.width, 32);
    await pool.close();
  }));

test('of images that fail at once in two threads each has its reason, though the decoder has one memory for both', () =>
  inScratch(async (folder) => {
    const path = join(folder, 'broken.jpg');
    writeFileSync(path, fixtureBytes('jpeg-444.jpg').subarray(0, 1000));
    const pool = openImagePool({ workers: 2 });
    const reasons = await Promise.all(
      Array.from({ length: 200 }, () => pool.run({ ...prepare('x'), path }).catch(({ what }) => what)),
    );
    await pool.close();
    const lost = reasons.filter((reason) => !/cannot be decoded, ./.test(reason)).length;
    assert.ok(lost <= 4, `${lost} of 200 have none`);
  }));

test('a worker that dies is replaced, and its image is named', async () => {
  const pool = openImagePool({ workers: 2, workerUrl: moody });
  const runs = ['a', 'exit', 'b', 'throw', 'c', 'exit', 'd'].map((path) => pool.run(hash(path)));
  const settled = await Promise.allSettled(runs);
  const outcomes = settled.map((run) =>
    run.status === 'fulfilled' ? run.value.fileHash : run.reason.message,
  );
  assert.match(outcomes[1], /the thread that decoded the image ended \(exit\)/);
  assert.match(outcomes[3], /ended, worker trouble \(throw\)/);
  assert.equal([outcomes[0], outcomes[2], outcomes[4], outcomes[6]], ['a', 'b', 'c', 'd']);
  assert.match(outcomes[5], /ended \(exit\)/);
  await pool.close();
});

test('a worker that the machine could not start or feed is no fault of its image', async () => {
  const pool = openImagePool({ workers: 1, workerUrl: moody });
  await fails(pool.run(hash('handles')), 'disk', /may not open more files at once, EMFILE \(handles\)/);
  assert.is((await pool.run(hash('next'))).fileHash, 'next');
  await pool.close();
});

test('a task that takes too long is given up, even in an endless loop', async () => {
  const pool = openImagePool({ workers: 1, timeoutSeconds: 1, workerUrl: moody });
  const [looping, hanging, next] = ['loop', 'hang', 'next'].map((path) => pool.run(hash(path)));
  await fails(looping, 'input', /more than 1 seconds to decode \(loop\)/);
  await fails(hanging, 'input', /more than 1 seconds to decode \(hang\)/);
  assert.is((await next).fileHash, 'next');
  await pool.close();
});

test('closing fails what is not done, and later tasks', async () => {
  const pool = openImagePool({ workers: 1, workerUrl: moody });
  const [running, waiting] = [pool.run(hash('hang')), pool.run(hash('waits'))];
  const expectations = [running, waiting].map((run) => fails(run, 'interrupted', /pool was closed/));
  await pool.close();
  await Promise.all(expectations);
  await fails(pool.run(hash('late')), 'interrupted', /pool was closed/);
});

test('after a signal, tasks that wait are not started, and the one in progress ends as usual', async () => {
  const pool = openImagePool({ workers: 1 });
  const stop = new AbortController();
  const started = pool.run(prepare('jpeg-444.jpg'), stop.signal);
  const waiting = [1, 2].map(() => pool.run(hash('none.jpg'), stop.signal));
  const other = pool.run(prepare('png-rgb.png'));
  stop.abort();
  const expectations = waiting.map((run) => fails(run, 'interrupted', /was stopped \(none\.jpg\)/));
  assert.is((await started).image.width, 32);
  await Promise.all(expectations);
  assert.is((await other).image.width, 32);
  await fails(pool.run(hash('none.jpg'), stop.signal), 'interrupted', /was stopped/);
  await pool.close();
});

test('closing while images are being decoded harms nothing', async () => {
  for (let round = 0; round < 5; round++) {
    const pool = openImagePool({ workers: 2 });
    const runs = Array.from({ length: 6 }, () => pool.run(prepare('jpeg-444.jpg')));
    const settled = Promise.allSettled(runs);
    await Promise.race([runs[0], new Promise((resolve) => setTimeout(resolve, round * 10))]);
    await pool.close();
    await settled;
  }
});

test('the number of workers must make sense', () => {
  for (const workers of [0, -1, 1.5]) {
    assert.throws(() => openImagePool({ workers }), /positive integer/);
  }
});

test('an open pool does not keep the process alive, a task in progress does', () => {
  const url = new URL('../../../../dist/inputs/image/pool.js', import.meta.url);
  assert.ok(existsSync(url));
  const script = `
    import { openImagePool } from ${JSON.stringify(url.href)};
    const pool = openImagePool({ workers: 2 });
    const task = ${JSON.stringify(prepare('jpeg-420.jpg'))};
    const [first] = await Promise.all([pool.run(task), pool.run(task), pool.run(task)]);
    console.log(first.image.width);`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.is(output, '32\n');
});

test.run();
