/** Lines for people: widths, numbers, times, tables. */
import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { table } from '#src/cli/table';
import {
  counted,
  displayWidth,
  duration,
  oneLine,
  percent,
  shellHere,
  shellWord,
  shorten,
  wrap,
} from '#src/text';

test('control characters are shown, not obeyed', () => {
  assert.is(oneLine('a\x1b[31mb\r\x07\x9b\u2028'), 'a\\u001b[31mb\\u000d\\u0007\\u009b\\u2028');
  assert.is(oneLine('one\n  two'), 'one two');
  assert.is(oneLine('Äpfel 苹果 🍎'), 'Äpfel 苹果 🍎');
});

test('widths are those of a terminal', () => {
  assert.is(displayWidth('abc'), 3);
  assert.is(displayWidth('苹果'), 4);
  assert.is(displayWidth('e\u0301'), 1);
  assert.is(displayWidth('🍎'), 2);
  assert.is(shorten('abcdef', 6), 'abcdef');
  assert.is(shorten('abcdefg', 6), 'abcde…');
  assert.is(shorten('苹果苹果', 5), '苹果…');
});

test('durations round to what matters', () => {
  const expected: [seconds: number, text: string][] = [
    [0.2, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 min'],
    [200, '3 min 20 s'],
    [605, '10 min'],
    [3599, '1 h'],
    [7500, '2 h 5 min'],
  ];
  for (const [seconds, text] of expected) assert.is(duration(seconds), text);
});

test('numbers', () => {
  assert.is(counted(1, 'image'), '1 image');
  assert.is(counted(12_345, 'class', 'classes'), '12,345 classes');
  assert.is(percent(0.7613), '76.1 %');
  assert.is(percent(null), '-');
});

test('words for a shell are quoted where they have to be', () => {
  assert.is(shellWord('runs/2026-11-24_resnet50', 'posix'), 'runs/2026-11-24_resnet50');
  assert.is(shellWord("my run's", 'posix'), "'my run'\\''s'");
  assert.is(shellWord('a\\b', 'posix'), "'a\\b'");
  assert.is(shellWord('$HOME;x', 'posix'), "'$HOME;x'");
  assert.is(shellWord('<image>', 'posix'), "'<image>'");
  assert.is(shellWord('', 'posix'), "''");
  for (const shell of ['cmd', 'powershell'] as const)
    assert.is(shellWord('C:\\runs\\a', shell), 'C:\\runs\\a');
  assert.is(shellWord('C:\\my runs\\', 'cmd'), '"C:\\my runs\\\\"');
  assert.is(shellWord('a "b" & c\\"', 'cmd'), '"a ""b"" & c\\\\"""');
  assert.is(shellWord('a "b" $c,\'d’', 'powershell'), "'a \"b\" $c,''d’’'");
  assert.is(shellWord('1,2', 'powershell'), "'1,2'");
});

test('words for a shell come back from it as they were, and move no cursor', () => {
  const plain = ['a b', "it's", '$HOME `x` !', 'a\\', '"', '-x', '~', '*.png', '#a', '\\u0041', ''];
  const odd = [...plain, 'one\ntwo', '\x1b[31m\u202e'];
  const line = `printf '%s\\0' ${odd.map((word) => shellWord(word, 'posix')).join(' ')}`;
  assert.is(oneLine(line), line);
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  const { stdout } = spawnSync('bash', ['-c', line], { encoding: 'utf8', env });
  assert.equal(stdout.split('\0').slice(0, -1), odd);
});

test('the shell is told by what started the program', () => {
  const home = { USERPROFILE: 'C:\\Users\\Ada' };
  const modules = 'C:\\Program Files\\WindowsPowerShell\\Modules';
  assert.is(shellHere('linux', {}), 'posix');
  assert.is(shellHere('win32', { ...home, PSModulePath: modules }), 'cmd');
  const ofUser = `c:\\users\\ada\\Documents\\PowerShell\\Modules;${modules}`;
  assert.is(shellHere('win32', { ...home, PSModulePath: ofUser }), 'powershell');
  assert.is(shellHere('win32', { ...home, PSModulePath: ofUser, MSYSTEM: 'MINGW64' }), 'posix');
});

test('long lines break between words', () => {
  assert.is(wrap('aa bb cc\ndd', 5), 'aa bb\ncc\ndd');
  assert.is(wrap('  indented', 20), '  indented');
  assert.is(wrap('it is 95 %, 3 min 20 s', 9), 'it is\n95 %,\n3 min\n20 s');
  assert.is(wrap('ab 12 signs', 6), 'ab 12\nsigns');
  assert.is(wrap('a verylongword b', 6), 'a\nverylongword\nb');
});

test('tables align, and clean what they are given', () => {
  const lines = table(
    [{ title: 'class' }, { title: 'images', align: 'right' }],
    [
      ['苹果', '5'],
      ['a\nb', '120'],
    ],
  );
  assert.equal(lines, ['class  images', '苹果        5', 'a b       120']);
  assert.equal(table([{ title: '' }, { title: '' }], [['a', 'b']]), ['a  b']);
});
test.run();
