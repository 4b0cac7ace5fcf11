import { randomBytes } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Deflate, isTooLarge, loadDeflate } from '../../../plugins/websocket/deflate.ts';
import { deflated, inflated } from './raw-websocket.ts';

const make = await loadDeflate();

function inflate(deflate: Deflate, message: Buffer): Promise<Buffer | Error> {
  return new Promise((resolve) => deflate.inflate(message, (error, bytes) => resolve(error ?? bytes)));
}

function compress(deflate: Deflate, message: Buffer): Promise<Buffer | Error> {
  return new Promise((resolve) => deflate.compress(message, (error, bytes) => resolve(error ?? bytes)));
}

test('messages come out as they went in, each by itself', async () => {
  const deflate = make(1_000_000);
  for (const size of [0, 1, 100, 50_000, 1_000_000]) {
    const message = Buffer.concat([randomBytes(size >> 1), Buffer.alloc(size - (size >> 1))]);
    assert.ok(message.equals((await inflate(deflate, deflated(message))) as Buffer), `${size} bytes in`);
    if (size > 0)
      assert.ok(message.equals(inflated((await compress(deflate, message)) as Buffer)), `${size} bytes out`);
  }
  deflate.close();
});

test('the limit counts what a message becomes, and holds for it alone', async () => {
  const deflate = make(1000);
  assert.is(((await inflate(deflate, deflated(Buffer.alloc(1000)))) as Buffer).length, 1000);
  const error = (await inflate(deflate, deflated(Buffer.alloc(1001)))) as Error;
  assert.ok(isTooLarge(error));
  deflate.close();
  const other = make(1000);
  assert.not.ok(isTooLarge((await inflate(other, Buffer.alloc(50, 0xff))) as Error));
  other.close();
});

test('closed in the middle of its work it says nothing more, and brings nothing down', async () => {
  const rounds = 50;
  const said: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const deflate = make(10_000_000);
    const large = round % 2 === 0 ? deflated(randomBytes(300_000)) : Buffer.alloc(100_000, 0xff);
    deflate.inflate(large, () => void said.push('inflated'));
    deflate.compress(randomBytes(300_000), () => void said.push('compressed'));
    if (round % 3 === 0) await new Promise(setImmediate);
    deflate.close();
    deflate.close();
    deflate.compress(Buffer.alloc(100), () => void said.push('after the end'));
  }
  const last = make(1000);
  for (let round = 0; round < rounds; round++) await inflate(last, deflated(Buffer.alloc(10)));
  last.close();
  assert.equal(
    said.filter((word) => word === 'after the end'),
    [],
  );
});

test.run();
