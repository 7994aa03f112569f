/** What pages are written with: names from outside stay names, numbers keep their units. */
import { html, lines } from '#src/report/html/html';
import { fileName, withKeptUnits } from '#src/report/html/elements';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('templates escape what is put in, in text and in attributes, and show what would turn the line round', () => {
  const [title, script] = [`"'&\u202e`, '<script>alert(1)</script>'];
  const text = html`<p title="${title}">${script}${[1, null, html`<br>`]}</p>`.text;
  assert.is(text, '<p title="&quot;&#39;&amp;\\u202e">&lt;script&gt;alert(1)&lt;/script&gt;1<br></p>');
  assert.is(lines('a<\n  b').text, 'a&lt;\n  b');
});

test('numbers stay with their units, names with their endings, and what is typed is as it was', () => {
  const page = withKeptUnits(
    '<p title="3 s">of 95 %, 2 min 20 s</p><pre>--a 5 %</pre><bdi>3 s.png</bdi> 5.2 MB',
  );
  assert.is(
    page,
    '<p title="3 s">of 95\u00a0%, 2\u00a0min 20\u00a0s</p><pre>--a 5 %</pre><bdi>3 s.png</bdi> 5.2\u00a0MB',
  );
  assert.is(
    fileName('cats/IMG_2024-11-24.jpeg').text,
    '<bdi>cats/<wbr>IMG_2024<span class="whole">-11-24.jpeg</span></bdi>',
  );
  const long = fileName(`${'a'.repeat(90)}/<b>1.png`, 40).text;
  assert.match(long, /^<bdi>a{20,40}…<span class="whole">.*1\.png<\/span><\/bdi>$/);
  assert.is(fileName('no ending').text, '<bdi>no ending<span class="whole"></span></bdi>');
});

test.run();
