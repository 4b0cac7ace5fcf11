/** Whole numbers of 64 bits, little endian, without bigints: nothing here counts beyond 2^53. */

export function putU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

/** NaN when it is more than can be counted exactly, which nobody wrote. */
export function getU64(view: DataView, at: number): number {
  const value = view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
  return value <= Number.MAX_SAFE_INTEGER ? value : Number.NaN;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
