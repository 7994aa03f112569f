/** Standard streams: colours, closed pipes, one document, Ctrl-C. */
import { spawn } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { reportFailure } from '#src/cli/errors';
import { AttuneError } from '#src/errors';
import { attune, dist, launcher, recordedOutput, runScript } from './support.js';

test('colours only in a terminal that has them', () => {
  const bold = (isTTY: boolean, colours: boolean) => {
    const { output, stdout } = recordedOutput({ isTTY, colours });
    output.print(output.paint.bold('x'));
    return stdout.text;
  };
  assert.is(bold(true, true), '\u001b[1mx\u001b[22m\n');
  assert.is(bold(true, false), 'x\n');
  assert.is(bold(false, true), 'x\n');
});

test("NO_COLOR reaches the terminal's own answer", async () => {
  // A terminal is not to be had in every place where tests run: only its writing is replaced.
  const { stdout } = await runScript(`
    import { WriteStream } from 'node:tty';
    const { Output } = await import('${dist}cli/output.js');
    const bold = () => {
      let written = '';
      const write = (text) => (written += text);
      const stream = Object.assign(Object.create(WriteStream.prototype), { isTTY: true, write });
      const output = new Output(stream, stream);
      output.print(output.paint.bold('x'));
      return written;
    };
    process.env.TERM = 'xterm-256color';
    const plain = [(process.env.NO_COLOR = '1', bold()), (delete process.env.NO_COLOR, process.env.FORCE_COLOR = '1', bold())];
    console.log(JSON.stringify(plain));
  `);
  assert.equal(JSON.parse(stdout), ['x\n', '\u001b[1mx\u001b[22m\n']);
});

test('nothing from outside reaches a terminal that it would obey: neither escapes nor marks of direction', () => {
  const name = 'a\u001b[31mred\u009b2J\u202eexe\u200f\u061c\u2066\rb';
  const { output, stdout, stderr } = recordedOutput({ isTTY: true, colours: true });
  output.print(`${output.paint.bold(name)} ${name}`, ['one', `\u001b[1m${name}`]);
  output.note(name);
  output.json({ [name]: name, lines: 'a\nb' });
  // Controls but the new line, and what formats text without being seen.
  const obeyed = /(?!\n)[\p{Cc}\p{Cf}]/u;
  const [emphasised = ''] = stdout.text.split(' a\\');
  assert.ok(
    emphasised.startsWith('\u001b[1ma\\u001b[31mred\\u009b2J\\u202eexe') &&
      emphasised.endsWith('b\u001b[22m'),
  );
  const own = stdout.text.replace('\u001b[1m', '').replace('\u001b[22m', '');
  assert.not.match(own, obeyed);
  assert.ok(own.includes('\none\n\\u001b[1ma\\u001b[31m'));
  assert.not.match(stderr.text, obeyed);
  assert.equal(JSON.parse(stdout.text.split('\n').at(-2)!), { [name]: name, lines: 'a\nb' });
});

test('an error is one line, whatever a name in it holds, to a program as on the command line', () => {
  const error = new AttuneError({
    code: 'input',
    what: 'no image',
    where: 'a\nb\r\u2028c\u001b[2J.png',
    hint: 'x',
  });
  assert.is(error.message, 'no image (a b\\u000d\\u2028c\\u001b[2J.png): x');
  assert.is(error.where, 'a\nb\r\u2028c\u001b[2J.png');
  const { output, stderr } = recordedOutput({ isTTY: false, colours: false });
  reportFailure(error, error, output, { json: false, debug: false });
  assert.is(stderr.text, `attune: ${error.message}\n`);
});

test('there are no escape sequences in a pipe', async () => {
  for (const words of [['weights'], ['--help'], ['doctor']]) {
    const { stdout, stderr } = await attune(words, { env: { FORCE_COLOR: '1', ATTUNE_DEVICE: 'cpu' } });
    assert.not.ok(`${stdout}${stderr}`.includes('\u001b'), words.join(' '));
  }
});

test('a pipe that nobody reads is no failure', async () => {
  const child = spawn(process.execPath, [launcher, 'weights'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += text));
  const status = await new Promise((resolve) => child.on('close', resolve));
  assert.is(stderr, '');
  assert.is(status, 0);
});

/** A command that waits for Ctrl-C, which is pressed `times` times; `stops` says whether the work then ends. */
async function interrupted(times: number, stops: boolean, name = 'SIGINT') {
  return runScript(`
    const { Output } = await import('${dist}cli/output.js');
    const { withSession } = await import('${dist}cli/session.js');
    const { failure, reportFailure } = await import('${dist}cli/errors.js');
    const output = new Output(process.stdout, process.stderr);
    for (let i = 1; i <= ${times}; i++) setTimeout(() => process.emit('${name}'), 50 * i);
    const alive = setInterval(() => {}, 1000);
    try {
      await withSession(output, ({ signal }) => new Promise((resolve, reject) => {
        if (${stops}) signal.addEventListener('abort', () => reject(signal.reason));
      }));
    } catch (thrown) {
      clearInterval(alive);
      process.exitCode = reportFailure(failure(thrown), thrown, output, { json: false, debug: false });
      output.note('listeners left: ' + process.listenerCount('${name}'));
    }
  `);
}

test('the first Ctrl-C lets the work stop, exit code 130', async () => {
  const { status, stderr } = await interrupted(1, true);
  assert.is(stderr, 'Stopping. Press Ctrl-C again to end at once.\nattune: interrupted\nlisteners left: 0\n');
  assert.is(status, 130);
});

test('the second ends the process at once, exit code 130', async () => {
  const { status, stderr } = await interrupted(2, false);
  assert.is(stderr, 'Stopping. Press Ctrl-C again to end at once.\n');
  assert.is(status, 130);
});
test('a scheduler and a closed terminal are answered alike', async () => {
  for (const name of ['SIGTERM', 'SIGHUP']) {
    const { status, stderr } = await interrupted(1, true, name);
    assert.match(stderr, /^Stopping\..*\nattune: interrupted\nlisteners left: 0\n$/);
    assert.is(status, 130);
  }
});

test.run();
