import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CompressionMode, DEFAULT_THRESHOLDS_MS } from '../../../protocols/link/compression-mode.ts';
import { Packing } from '../../../protocols/link/packing.ts';

const modeAt = (mode: CompressionMode, rttMs: number, thresholdsMs = DEFAULT_THRESHOLDS_MS): CompressionMode =>
  new Packing(mode, rttMs, thresholdsMs).mode;

test('a level that was chosen stays, however far away the other side is', () => {
  for (const mode of ['s2_uncompressed', 's2_fast', 's2_better', 's2_best'] as const) {
    for (const rttMs of [0, 20, 5000]) assert.is(modeAt(mode, rttMs), mode);
  }
});

test('where the distance decides, each level is for as far as it was told', () => {
  const expected: [rttMs: number, mode: CompressionMode][] = [
    [0, 's2_uncompressed'],
    [10, 's2_uncompressed'],
    [10.1, 's2_fast'],
    [50, 's2_fast'],
    [51, 's2_better'],
    [100, 's2_better'],
    [101, 's2_best'],
  ];
  for (const [rttMs, mode] of expected) assert.is(modeAt('s2_auto', rttMs), mode, String(rttMs));
  assert.is(modeAt('s2_auto', 1, [0, 50, 100]), 's2_fast');
});

test('the level follows the distance, and what is sent begins a stream of its own when it changes', () => {
  const packing = new Packing('s2_auto', 1, DEFAULT_THRESHOLDS_MS);
  const { codec } = packing;
  const begins = (): boolean => {
    const target = Buffer.alloc(codec.bytesMax(6));
    codec.encode(Buffer.from('PING\r\n'), target, 0);
    return target[0] === 0xff;
  };
  assert.ok(begins());
  assert.not(packing.measured(2));
  assert.not(begins());
  assert.ok(packing.measured(200), 'once may be chance');
  assert.is(packing.mode, 's2_uncompressed');
  assert.not(packing.measured(60), 'of two the smaller counts');
  assert.is(packing.mode, 's2_better');
  assert.ok(packing.measured(200));
  assert.not(packing.measured(200));
  assert.is(packing.mode, 's2_best');
  assert.ok(begins());
  packing.change('s2_fast', 200, DEFAULT_THRESHOLDS_MS);
  assert.is(packing.mode, 's2_fast');
  packing.measured(1);
  assert.is(packing.mode, 's2_fast');
});

test.run();
