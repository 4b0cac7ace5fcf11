/** Memory that frames are unmasked in, a word at a time: byte by byte costs four times as much. */

/** How this machine lays out the bytes of a word. */
const IS_LITTLE_ENDIAN = new Uint8Array(Int32Array.of(1).buffer)[0] === 1;

export class FrameMemory {
  readonly bytes: Buffer;
  private readonly words: Int32Array;
  /** Where `bytes` begins in what `words` sees. */
  private readonly base: number;

  constructor(bytes: Buffer) {
    const { buffer, byteOffset } = bytes;
    this.bytes = bytes;
    this.base = byteOffset;
    this.words = new Int32Array(buffer, 0, (byteOffset + bytes.length) >>> 2);
  }

  /**
   * Unmasks [start, end). The first byte of the key is its highest; answers the key turned to where the next byte
   * of the frame needs it.
   */
  unmask(start: number, end: number, key: number): number {
    const { bytes, words, base } = this;
    let turned = key;
    let at = start;
    for (; at < end && ((base + at) & 3) !== 0; at++) {
      bytes[at] ^= turned >>> 24;
      turned = (turned << 8) | (turned >>> 24);
    }
    if (end - at >= 4) {
      const mask = IS_LITTLE_ENDIAN ? swapped(turned) : turned;
      const last = (base + end) >>> 2;
      for (let word = (base + at) >>> 2; word < last; word++) words[word] ^= mask;
      at = (last << 2) - base;
    }
    for (; at < end; at++) {
      bytes[at] ^= turned >>> 24;
      turned = (turned << 8) | (turned >>> 24);
    }
    return turned;
  }

  /** Brings [start, end) to `target`, and unmasks it there. Answers the turned key. */
  move(target: number, start: number, end: number, key: number): number {
    if (target !== start) this.bytes.copyWithin(target, start, end);
    return key === 0 ? 0 : this.unmask(target, target + end - start, key);
  }
}

function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
