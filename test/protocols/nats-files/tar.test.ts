/** Files in one run of bytes. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TAR_END, type TarFile, TarReader, tarHeader, tarPadding } from '../../../protocols/nats-files/tar.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';

const seed = chosenSeed();

function packed(files: readonly (readonly [path: string, content: string])[]): Buffer {
  const parts = files.flatMap(([path, content]) => {
    const bytes = Buffer.from(content);
    return [tarHeader(path, bytes.length, 1_700_000_000), bytes, tarPadding(bytes.length)];
  });
  return Buffer.concat([...parts, TAR_END]);
}

interface Unpacked {
  readonly files: [string, string][];
  readonly reader: TarReader;
}

function unpacked(bytes: Buffer, pieceBytes: number, limitOf: (path: string) => number | null = () => 1e6): Unpacked {
  const reader = new TarReader(limitOf);
  const files: [string, string][] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    reader.add(bytes.subarray(at, at + pieceBytes));
    for (let file: TarFile | null = reader.next(); file !== null; file = reader.next()) {
      files.push([file.path, file.content.toString()]);
    }
  }
  return { files, reader };
}

const FILES = [
  ['meta.inf', '{}'],
  ['empty', ''],
  [`obs/${'long'.repeat(40)}/o.dat`, 'a long path'],
  ['obs/grün/meta.inf', 'x'.repeat(1500)],
  ['full', 'y'.repeat(512)],
] as const;

test('what is packed is unpacked, whatever the pieces it comes in', () => {
  for (const pieceBytes of [1, 7, 511, 512, 513, 4096, 1e6]) {
    const { files, reader } = unpacked(packed(FILES), pieceBytes);
    assert.equal(
      files,
      FILES.map(([path, content]) => [path, content]),
    );
    assert.ok(reader.isComplete);
    assert.is(reader.problem, '');
  }
});

test('a file that is too large, or not expected, is refused before it came', () => {
  const bytes = packed([['a', 'x'.repeat(2000)]]).subarray(0, 512);
  assert.is(unpacked(bytes, 512, () => 1999).reader.problem, '"a" in it is too large');
  assert.is(unpacked(bytes, 512, () => 2000).reader.problem, '');
  assert.is(unpacked(bytes, 512, () => null).reader.problem, 'it holds "a", which is not known');
});

test('S-41: links and devices are refused, folders are passed over', () => {
  for (const [type, problem] of [
    ['2', 'it holds what is not a file'],
    ['3', 'it holds what is not a file'],
    ['5', ''],
  ] as const) {
    const bytes = packed([['a', '']]);
    bytes.write(type, 156, 'latin1');
    bytes[153]! += type.charCodeAt(0) - '0'.charCodeAt(0);
    assert.is(unpacked(bytes, 512).reader.problem, problem);
  }
});

test('S-41: a PAX header without a length that makes sense is refused', () => {
  const bytes = packed([['grün', 'x']]);
  const at = bytes.indexOf('path=grün') - 3;
  for (const damage of ['xxxxxxxxx', '0 path=g', '99999 pat', '-7 path=g', ' path=grü']) {
    const broken = Buffer.from(bytes);
    broken.write(damage.padEnd(14, 'x'), at, 'latin1');
    assert.is(unpacked(broken, 512).reader.problem, 'a file in it has a damaged header', damage);
  }
});

test('what is cut is not complete, and what is flipped is read or refused', () => {
  const whole = packed(FILES);
  assert.not(unpacked(whole.subarray(0, -512), 700).reader.isComplete);
  const random = new Seeded(seed);
  for (let round = 0; round < 1_000; round++) {
    const bytes = Buffer.from(whole);
    for (let times = 1 + random.below(3); times > 0; times--) bytes[random.below(bytes.length)] = random.below(256);
    unpacked(bytes.subarray(0, random.below(bytes.length + 1)), 1 + random.below(2000));
  }
});

test.run();
