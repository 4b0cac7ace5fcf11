/** Whole numbers of 64 bits, little endian, without bigints: nothing here counts beyond 2^53. */

export function putU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

/** NaN when it is more than can be counted exactly, which nobody wrote. Small ones are never made of fractions on the way. */
export function getU64(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true);
  const low = view.getUint32(at, true);
  if (high === 0) return low;
  const value = high * 2 ** 32 + low;
  return value <= Number.MAX_SAFE_INTEGER ? value : Number.NaN;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
