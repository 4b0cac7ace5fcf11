/** The keyed hash in files of nats-server, against the vectors that its authors publish. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { HighwayHash } from '../../../protocols/nats-files/highway-hash.ts';

/** Of no bytes, of 0, of 0 and 1, and so on; the key is the bytes from 0 to 31. */
const FIRST = [
  '907a56de22c26e53',
  '7eab43aac7cddd78',
  'b8d0569ab0b53d62',
  '5c6befab8a463d80',
  'f205a46893007eda',
  '2b8a1668e4a94541',
  'bd4ccc325befca6f',
  '4d02ae1738f59482',
  'e1205108e55f3171',
  '32d2644ec77a1584',
  'f6e10acdb103a90b',
  'c3bbf4615b415c15',
  '243cc2040063fa9c',
  'a89a58ce65e641ff',
  '24b031a348455a23',
  '40793f86a449f33b',
  'cfab3489f97eb832',
  '19fe67d2c8c5c0e2',
  '04dd90a69c565cc2',
  '75d9518e2371c504',
  '38ad9b1141d3dd16',
  '0264432ccd8a70e0',
  'a9db5a6288683390',
  'd7b05492003f028c',
  '205f615aea59e51e',
  'eee0c89621052884',
  '1bfc1a93a7284f4f',
  '512175b5b70da91d',
  'f71f8976a0a2c639',
  'ae093fef1f84e3e7',
  '22ca92b01161860f',
  '9fc7007ccf035a68',
  'a0c964d9ecd580fc',
  '2c90f73ca03181fc',
  '185cf84e5691eb9e',
  '4fc1f5ef2752aa9b',
  'f5b7391a5e0a33eb',
  'b9b84b83b4e96c9c',
  '5e42fe712a5cd9b4',
  'a150f2f90c3f97dc',
  '7fa522d75e2d637d',
  '181ad0cc0dffd32b',
];

function textOf({ low, high }: HighwayHash): string {
  return [high, low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}

/** A key of four numbers of 64 bits. */
function keyOf(numbers: readonly bigint[]): Buffer {
  const key = Buffer.alloc(32);
  numbers.forEach((number, at) => void key.writeBigUInt64LE(number, 8 * at));
  return key;
}

const counting = (length: number, from = 0): Uint8Array => Uint8Array.from({ length }, (_, at) => from + at);

test('what its authors publish of up to 41 bytes comes out', () => {
  const hash = new HighwayHash(counting(32));
  const bytes = counting(64);
  FIRST.forEach((expected, length) => {
    hash.digest(bytes, 0, length);
    assert.is(textOf(hash), expected, `of ${length} bytes`);
  });
});

test('so does what they publish for another key', () => {
  const hash = new HighwayHash(keyOf([1n, 2n, 3n, 4n]));
  hash.digest(counting(33, 128), 0, 33);
  assert.is(textOf(hash), '53c516cce478cad7');
  hash.digest(new Uint8Array([255]), 0, 1);
  assert.is(textOf(hash), '7858f24d2d79b2b2');
});

test('a range of bytes is hashed as if it stood alone', () => {
  const hash = new HighwayHash(counting(32));
  const bytes = Buffer.concat([Buffer.from('before'), counting(41), Buffer.from('behind')]);
  hash.digest(bytes, 6, 47);
  assert.is(textOf(hash), FIRST[41]);
  const written = Buffer.alloc(10);
  hash.writeTo(written, 1);
  assert.ok(hash.isAt(written, 1));
  assert.not(hash.isAt(written, 2));
});

test('a key of another length is refused', () => {
  assert.throws(() => new HighwayHash(counting(31)), /a key has 32 bytes, not 31/);
});

test.run();
