import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { S2_LEVELS } from '../../../protocols/s2/levels.ts';
import { LineCodec } from '../../../protocols/s2/line-codec.ts';
import { S2Error } from '../../../protocols/s2/problem.ts';
import { prose, routedMessages } from './samples.ts';

function send(codec: LineCodec, bytes: Buffer): Buffer {
  const target = Buffer.alloc(codec.bytesMax(bytes.length));
  return target.subarray(0, codec.encode(bytes, target, 0));
}

function receive(codec: LineCodec, bytes: Buffer): string {
  let text = '';
  let at = 0;
  while (codec.decode(bytes, at, bytes.length)) {
    at = codec.at;
    text += codec.output.toString('latin1', codec.start, codec.end);
  }
  assert.is(codec.at, bytes.length);
  return text;
}

test('both directions of a line are packed at levels of their own', () => {
  for (const mine of S2_LEVELS) {
    for (const theirs of S2_LEVELS) {
      const here = new LineCodec(mine);
      const there = new LineCodec(theirs);
      for (const batch of [Buffer.from('PING\r\n'), routedMessages(5000), prose(200_000)]) {
        assert.is(receive(there, send(here, batch)), batch.toString('latin1'));
        assert.is(receive(here, send(there, batch)), batch.toString('latin1'));
      }
    }
  }
});

test('a change of the level begins a stream of its own, and only a change', () => {
  const codec = new LineCodec('fast');
  const begins = (): boolean =>
    send(codec, Buffer.from('PING\r\n')).toString('latin1').startsWith('\xff\x06\x00\x00S2sTwO');
  assert.ok(begins());
  assert.not(begins());
  codec.level = 'fast';
  assert.not(begins());
  codec.level = 'best';
  assert.is(codec.level, 'best');
  assert.ok(begins());
  assert.not(begins());
});

test('the more work a level is, the less is to be packed at a time', () => {
  const sizes = S2_LEVELS.map((level) => new LineCodec(level).batchBytes);
  assert.equal(sizes, [1 << 20, 1 << 19, 1 << 18, 1 << 16]);
});

test('what makes no sense is thrown, again and again, with its reason', () => {
  const codec = new LineCodec('fast');
  const noise = Buffer.from('+OK\r\n');
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      codec.decode(noise, 0, noise.length);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, S2Error);
      assert.is((error as S2Error).reason, 'identifier-missing');
    }
  }
});

test('memory that was given back is asked for again', () => {
  const here = new LineCodec('fast');
  const there = new LineCodec('fast');
  const batch = routedMessages(60_000);
  for (let round = 0; round < 3; round++) {
    const packed = send(here, batch);
    const first = receive(there, packed.subarray(0, 1000));
    if (round === 1) there.rest();
    assert.is(first + receive(there, packed.subarray(1000)), batch.toString('latin1'));
    there.rest();
    assert.is(there.output.length, 0);
  }
  there.close();
});

test.run();
