/** Copying between arrays without making anything, as long as the source stays the same one. */

/** Up to here, copying word by word is faster than making a view for `set`. */
const WORDWISE_MAX = 160;
const NOTHING = new Uint8Array(0);

export class Copier {
  private source: Uint8Array = NOTHING;
  private sourceView: DataView = new DataView(NOTHING.buffer);

  copy(source: Uint8Array, start: number, end: number, target: Uint8Array, view: DataView, at: number): void {
    if (end - start > WORDWISE_MAX) {
      target.set(source.subarray(start, end), at);
      return;
    }
    if (source !== this.source) {
      this.source = source;
      this.sourceView = new DataView(source.buffer, source.byteOffset, source.length);
    }
    const from = this.sourceView;
    let read = start;
    let write = at;
    for (; read + 4 <= end; read += 4, write += 4) view.setInt32(write, from.getInt32(read, true), true);
    for (; read < end; read++, write++) target[write] = source[read]!;
  }
}
