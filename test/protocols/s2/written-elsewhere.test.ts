/** What the libraries of others write is read here, and what is written here is no longer than theirs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeBlock } from '../../../protocols/s2/block.ts';
import type { S2Level } from '../../../protocols/s2/levels.ts';
import { decodeStream, encodeStream } from '../../../protocols/s2/stream.ts';
import { Seeded } from '../../fuzz/seeded.ts';
import { packageRoot } from '../../runner/package-root.ts';
import { interestLines, patchwork, prose, records, routedMessages } from './samples.ts';

interface Written {
  readonly sample: string;
  readonly form: 'block' | 'stream';
  readonly writer: string;
  readonly bytes: string;
}

const SAMPLES: Record<string, Buffer> = {
  'interest lines': interestLines(2000),
  'routed messages': routedMessages(1500),
  patchwork: patchwork(30_000, new Seeded(4)),
  zeros: Buffer.alloc(100_000),
  'records, far apart': Buffer.concat([records(800), Buffer.alloc(70_000), records(800), Buffer.from('end')]),
  short: Buffer.from('PING\r\n'),
  nothing: Buffer.alloc(0),
};

const path = join(packageRoot(), 'test', 'fixtures', 's2', 'written-elsewhere.json');
const WRITTEN = JSON.parse(readFileSync(path, 'utf8')) as Written[];

for (const form of ['block', 'stream'] as const) {
  test(`a ${form} that other programs wrote is read`, () => {
    const written = WRITTEN.filter((each) => each.form === form);
    assert.ok(written.length > 20);
    for (const { sample, writer, bytes } of written) {
      const expected = SAMPLES[sample] as Buffer;
      const compressed = Buffer.from(bytes, 'base64');
      const decoded =
        form === 'block'
          ? decodeBlock(compressed, expected.length)
          : decodeStream(compressed, { outputBytesMax: expected.length });
      assert.ok(decoded.equals(expected), `${sample}, ${writer}`);
    }
  });
}

/** How many bytes the stream writer of Go's Snappy library makes of each. */
const SNAPPY_SIZES: [name: string, sample: Buffer, snappyBytes: number][] = [
  ['interest lines', interestLines(300_000), 32_433],
  ['routed messages', routedMessages(300_000), 76_584],
  ['a few routed messages', routedMessages(900), 404],
  ['prose', prose(300_000), 56_517],
  ['records', records(300_000), 111_444],
];

const LEVELS: readonly S2Level[] = ['fast', 'better', 'best'];

test('no level writes more than Snappy, with the elements of S2 or without', () => {
  for (const [name, sample, snappyBytes] of SNAPPY_SIZES) {
    for (const level of LEVELS) {
      const size = encodeStream(sample, { level }).length;
      assert.ok(size <= snappyBytes, `${name}, ${level}: ${size} bytes, Snappy ${snappyBytes}`);
    }
    assert.ok(encodeStream(sample, { isSnappy: true }).length <= snappyBytes, name);
  }
});

test('a level that takes more time writes fewer bytes', () => {
  for (const [name, sample] of SNAPPY_SIZES) {
    const sizes = LEVELS.map((level) => encodeStream(sample, { level }).length);
    assert.equal(
      sizes,
      [...sizes].sort((a, b) => b - a),
      name,
    );
  }
});

test.run();
