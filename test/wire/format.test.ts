// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the scripts look like those of templates
/** The scripts' own language: what it reads, what it matches, and what it refuses. */
import { Duplex } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { showBytes, toBytes } from './escapes.ts';
import { checkFacts } from './facts.ts';
import { parseScript } from './parse-script.ts';
import { matchPart, readPattern } from './pattern.ts';
import { playCase } from './player.ts';
import { readScripts } from './run-scripts.ts';
import type { RunningServer } from './targets.ts';

/** A server that says INFO, echoes every line in capitals, and closes on "bye". */
function echoServer(): RunningServer {
  const unused = async (): Promise<void> => {};
  return {
    async connect() {
      const stream: Duplex = new Duplex({
        read() {},
        write(chunk: Buffer, _encoding, done) {
          stream.push(chunk.toString('latin1').toUpperCase(), 'latin1');
          if (chunk.includes('bye')) stream.push(null);
          done();
        },
        final(done) {
          stream.push(null);
          done();
        },
      });
      stream.push('INFO {"port":4222,"nested":{"list":[1,"two"]}} \r\n');
      return stream;
    },
    signal: unused,
    reload: unused,
    stop: unused,
  };
}

async function play(steps: string): Promise<string> {
  const [wireCase] = parseScript('x', `== a case\n@timeout 0.2\n${steps}`).cases;
  try {
    await playCase(wireCase, echoServer(), { pieceBytes: 0 });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

test('bytes are written with escapes and shown the same way', () => {
  const text = 'a\\r\\n\\t\\\\\\x00\\xff é';
  assert.equal([...toBytes(text)], [97, 13, 10, 9, 92, 0, 255, 32, 0xc3, 0xa9]);
  assert.is(showBytes(toBytes('a\\r\\n\\t\\\\\\x00\\xff')), 'a\\r\\n\\t\\\\\\x00\\xff');
  assert.throws(() => toBytes('\\q'), /unknown escape/);
});

test('a case has the rules and the configuration of its file unless it has its own', () => {
  const text = ['@since 2.12', 'config:', '  a: 1', '', '  b: 2', '== one', '== two', '@before 3', 'config:', '  c: 3'];
  const [one, two] = parseScript('x', text.join('\n')).cases;
  assert.equal([one.name, one.since, one.before, one.config], ['one', '2.12', '', 'a: 1\n\nb: 2\n']);
  assert.equal([two.name, two.since, two.before, two.config], ['two', '2.12', '3', 'c: 3\n']);
});

test('a word defined in a script stands for its text', () => {
  const [wireCase] = parseScript('x', 'let V = CONNECT {}\\r\\n\n== one\nA> ${V}PING\\r\\n').cases;
  assert.is(wireCase.steps[0].kind === 'send' && wireCase.steps[0].text, 'CONNECT {}\\r\\nPING\\r\\n');
});

test('a line that is no step is refused with its place', () => {
  assert.throws(() => parseScript('topic', '== one\nA PING'), /topic\.wire:2/);
  assert.throws(() => parseScript('topic', 'A> PING'), /topic\.wire:1/);
  assert.throws(() => parseScript('topic', '@sinse 2'), /topic\.wire:1/);
});

test('expected bytes fit, do not fit, or need more', () => {
  const verdict = (pattern: string, bytes: string): unknown => {
    const [part, next] = readPattern(pattern);
    return matchPart(part, next, Buffer.from(bytes));
  };
  assert.equal(verdict('PONG', 'PONG\r\n'), { length: 4 });
  assert.is(verdict('PONG', 'PO'), 'need more');
  assert.equal(verdict('PONG', 'PI'), { problem: 'other bytes came' });
  assert.equal(verdict('${x*3}', 'xxx'), { length: 3 });
  assert.equal(verdict('${any} 1', 'sid 1\r\n'), { length: 3 });
  assert.is(verdict('${any} 1', 'sid'), 'need more');
  assert.equal(verdict('${any} 1', 'sid\r\nmore'), { problem: 'the line goes on differently' });
  assert.equal(verdict('${info a=1}', 'INFO {"a":1} \r\nx'), { length: 15 });
  assert.ok(JSON.stringify(verdict('${info a=1}', 'INFO {"a":1}\r\n')).includes('problem'));
  assert.equal(verdict('${json a=1}', '{"a":1}\r\n'), { length: 7 });
});

test('claims about JSON are checked one by one', () => {
  const value = { a: 1, b: { c: ['x', true] }, d: 'text' };
  assert.is(checkFacts(value, 'a=1 b.c.0=x b.c.1=true !e d~^te a'), '');
  for (const wrong of ['a=2', 'b.c.0=y', '!a', 'e', 'd~^x', 'd=tex']) {
    assert.is.not(checkFacts(value, wrong), '', wrong);
  }
});

test('a case that goes as written passes', async () => {
  assert.is(await play('A> one\\r\\n\nA< ONE\\r\\n\nA> bye\\r\\n\nA< BYE\\r\\n\nA< EOF'), '');
  assert.is(await play('A< ${info port=4222 nested.list.1=two}'), '');
  assert.is(await play('A>*3 x\nA<*3 X\nB> y\nB< Y'), '');
});

test('a case that goes otherwise fails with its line and with what came', async () => {
  assert.match(await play('A> one\nA< TWO'), /line 4: A< TWO: other bytes came; .*"ONE"/);
  assert.match(await play('A> one\nA< ONE MORE'), /nothing more came in 200 ms/);
  assert.match(await play('A> one\nA< EOF'), /was not closed/);
  assert.match(await play('A> bye\nA< BYE LONG'), /closed before; .*EOF/);
  assert.match(await play('A< ${info port=1}'), /"port" is not 1/);
});

test('what comes unexpected after the last step fails the case', async () => {
  assert.match(await play('A> one'), /after the last step, on A: more came than expected.*"ONE"/);
});

test('every script can be read, and names no case twice', () => {
  for (const { topic, cases } of readScripts()) {
    const names = cases.map(({ name, since, before }) => `${name} ${since} ${before}`);
    assert.is(new Set(names).size, names.length, topic);
    assert.ok(
      cases.every(({ steps }) => steps.length > 0),
      topic,
    );
  }
});

test.run();
