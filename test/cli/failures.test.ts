/** Input at fault: exit code 1 and one line, or one document under --json; a stack only under --debug. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, reportFailure } from '#src/cli/errors';
import { run } from '#src/cli/definitions/run';
import { diskError } from '#src/inputs/disk';
import { AttuneError } from '#src/errors';
import { attune, attuneHere, dist, recordedOutput, runScript } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'attune ü '));
test.after(() => rmSync(folder, { recursive: true }));
const attack = fileURLToPath(new URL('../../../test/formats/fixtures/attack-os-system.pth', import.meta.url));

const demo = (name: string) => fileURLToPath(new URL(`../../../weights/demo/${name}`, import.meta.url));
const garments = demo('garments.safetensors');
const bag = demo('images/test/bag/00.png');
mkdirSync(join(folder, 'one class/cat'), { recursive: true });
writeFileSync(join(folder, 'one class/cat/a.png'), '');
mkdirSync(join(folder, 'nothing'));
writeFileSync(join(folder, 'text.pth'), 'this is no weights file');

const failures: [words: string[], line: RegExp][] = [
  [
    ['explain', '--weights', garments, bag, '--device', 'cpu', '--out', 'text.pth'],
    /^attune: a file stands where a folder has to be \(.+text\.pth\): remove it, or write elsewhere\n$/,
  ],
  [
    ['compare', 'nothing', 'one class', '--out', 'nothing'],
    /^attune: there is a folder of this name \(.+nothing\): remove it, or choose another name\n$/,
  ],
  [
    ['bench', '--seconds', '1', '--device', 'cpu', '--svg', 'missing/b.svg'],
    /^attune: the folder does not exist \(.+missing\): create it first\n$/,
  ],
  [
    ['bench', '--seconds', '1', '--device', 'cpu', '--markdown', 'text.pth/b.md'],
    /^attune: a file stands where a folder has to be \(.+b\.md\): remove it, or write elsewhere\n$/,
  ],
  [['inspect', 'missing.pth'], /^attune: there is no such file \(missing\.pth\): .+/],
  [['inspect', 'text.pth'], /^attune: the format of the file is not known \(text\.pth\): .+/],
  [['inspect', attack], /^attune: the pickle asks for the Python object posix\.system, .+/],
  [['finetune', 'missing'], /^attune: there is no such file or folder \(.+\): .+/],
  [['finetune', 'text.pth'], /^attune: this is a file, not a folder \(.+\): .+/],
  [['finetune', 'nothing'], /^attune: there are no images in the class folders \(.+\): .+/],
  [['finetune', 'one class'], /^attune: there is one class only, "cat" \(.+\): .+/],
  [
    ['evaluate', 'nothin', 'nothing'],
    /^attune: there is no such run or checkpoint \(nothin\): did you mean nothing\?\n$/,
  ],
  [
    ['predict', 'one class/cat/a.png', 'one class'],
    /^attune: this is an image, where a run or a checkpoint has to stand \(one class\/cat\/a\.png\): .+/,
  ],
  [['evaluate', 'missing', 'nothing'], /^attune: there is no such run or checkpoint \(missing\): .+/],
  [
    ['predict', 'nothing', 'one class/*.jpg'],
    /^attune: no file matches this pattern \(one class\/\*\.jpg\): .+/,
  ],
  [['predict', 'nothing', 'one class'], /^attune: the folder holds no best\.safetensors, .+ \(nothing\): .+/],
];
if (process.platform !== 'win32') {
  // Names that cannot be looked at, also by a user who may read everything.
  mkdirSync(join(folder, 'locked'));
  for (const name of ['best.safetensors', 'recipe.json']) symlinkSync(name, join(folder, 'locked', name));
  failures.push(
    [
      ['predict', 'locked', 'one class'],
      /^attune: this cannot be looked at, ELOOP \(.*best\.safetensors\): check the permissions of its folder, .+/,
    ],
    [
      ['report', 'locked'],
      /^attune: this cannot be looked at, ELOOP \(.*recipe\.json\): check the permissions.+/,
    ],
  );
}
for (const [words, line] of failures) {
  test(`says what is wrong with attune ${words[0]} ${words.at(-1)?.slice(-20)}`, async () => {
    const { status, stdout, stderr } = await attuneHere(words, { cwd: folder });
    assert.match(stderr, line);
    assert.is(stderr.split('\n').length, 2, stderr);
    assert.is(stdout, '');
    assert.is(status, 1);
  });
}

test('an empty argument is no path', async () => {
  const { status, stderr } = await attuneHere(['finetune', ''], { cwd: folder });
  assert.is(stderr, 'attune: an argument is empty (attune finetune): give a name or a path in its place\n');
  assert.is(status, 2);
});

if (process.platform !== 'win32') {
  test('says that the working folder is gone', async () => {
    const gone = mkdtempSync(join(tmpdir(), 'attune gone '));
    process.chdir(gone);
    try {
      rmSync(gone, { recursive: true });
      const { output, stderr } = recordedOutput();
      assert.is(await run(['inspect', 'x.pth'], output), 1);
      assert.match(
        stderr.text,
        /^attune: the working folder is gone( \(.*\))?: change to a folder that exists/,
      );
    } finally {
      process.chdir(folder);
    }
  });
}

test('prints one document under --json', async () => {
  const { status, stdout, stderr } = await attune(['inspect', 'missing.pth', '--json'], { cwd: folder });
  assert.is(status, 1);
  assert.equal(JSON.parse(stdout), {
    error: { code: 'input', what: 'there is no such file', where: 'missing.pth', hint: 'check the path' },
  });
  assert.is(stderr, 'attune: there is no such file (missing.pth): check the path\n');
});

test('shows the stack and its causes under --debug only', async () => {
  const { status, stderr } = await attune(['inspect', 'missing.pth', '--debug'], { cwd: folder });
  assert.is(status, 1);
  assert.match(
    stderr,
    /^attune: there is no such file \(missing\.pth\): check the path\nAttuneError: .*\n +at /,
  );
});

/** What is printed, and the exit code, when `thrown` ends a command. */
function reported(thrown: unknown) {
  const { output, stderr } = recordedOutput();
  const code = reportFailure(failure(thrown), thrown, output, { json: false, debug: false });
  return { code, line: stderr.text };
}

test('a fault of the program is one line that asks to report it', () => {
  assert.equal(reported(new TypeError('x is not a function')), {
    code: 1,
    line: 'attune: this should not have happened, TypeError: x is not a function: please report it, with what the same command prints under --debug\n',
  });
});

test("what Node's permission model refuses is no fault of the program, nor of a file's permissions", () => {
  const message = 'Access to this API has been restricted. Use --allow-worker to manage permissions.';
  const refused = Object.assign(new Error(message), { code: 'ERR_ACCESS_DENIED' });
  const hint = 'Node runs under its permission model: start it without, or allow what it names';
  assert.is(
    reported(refused).line,
    `attune: Access to this API has been restricted. Use --allow-worker to manage permissions: ${hint}\n`,
  );
  assert.is(
    reported(diskError(refused, 'images.shard')).line,
    `attune: the cache cannot be used, ERR_ACCESS_DENIED (images.shard): ${hint}\n`,
  );
});

test('what is long is cut, so that what to do is seen; all of it under --debug and --json', () => {
  const what = `missing 200: ${Array.from({ length: 200 }, (_, i) => `layer${i}.weight`).join(', ')}`;
  const error = new AttuneError({ code: 'weights', what, where: 'w.pth', hint: 'use --model resnet18' });
  assert.match(
    reported(error).line,
    /^attune: missing 200: .{370,390}… --debug shows all \(w\.pth\): use --model resnet18\n$/,
  );
  const { output, stdout, stderr } = recordedOutput();
  reportFailure(error, error, output, { json: true, debug: true });
  assert.is(JSON.parse(stdout.text).error.what, what);
  assert.match(stderr.text, `attune: ${what} (w.pth): use --model resnet18\n`);
});

test('an interrupted run has exit code 130', () => {
  assert.is(reported(new AttuneError({ code: 'interrupted', what: 'the run was interrupted' })).code, 130);
  assert.is(reported(new DOMException('aborted', 'AbortError')).code, 130);
});

test('names from outside can neither break the line nor command the terminal', () => {
  const name = 'a\nb\x1b[2J\u202e.png';
  const { line } = reported(new AttuneError({ code: 'input', what: 'broken', where: name }));
  assert.is(line, 'attune: broken (a b\\u001b[2J\\u202e.png)\n');
});

test('what a library throws outside of every promise is reported as well', async () => {
  const { status, stdout, stderr } = await runScript(`
    const { Output } = await import('${dist}cli/output.js');
    const { run } = await import('${dist}cli/definitions/run.js');
    const running = run(['doctor', '--json'], new Output(process.stdout, process.stderr));
    setTimeout(() => { throw new RangeError('loose'); }, 1);
    await running;
  `);
  assert.is(status, 1);
  assert.match(JSON.parse(stdout).error.what, /RangeError: loose$/);
  assert.match(stderr, /attune: this should not have happened, RangeError: loose: please report it/);
});
test.run();
