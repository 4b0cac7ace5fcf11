/** Bytes that arrived and wait to be read, in the pieces they came in. */
export class ByteQueue {
  length = 0;
  private pieces: Uint8Array[] = [];

  add(piece: Uint8Array): void {
    this.pieces.push(piece);
    this.length += piece.length;
  }

  /** The first `count` bytes, taken out; without a copy where they are one piece. */
  take(count: number): Uint8Array {
    const first = this.pieces[0]!;
    if (count > first.length) return this.takeInto(new Uint8Array(count), count);
    this.drop(count);
    return count === first.length ? first : first.subarray(0, count);
  }

  /** Takes the first `count` bytes out and places them at the start of `target`. */
  takeInto(target: Uint8Array, count: number): Uint8Array {
    for (let at = 0; at < count; ) {
      const first = this.pieces[0]!;
      const part = Math.min(first.length, count - at);
      target.set(part === first.length ? first : first.subarray(0, part), at);
      this.drop(part);
      at += part;
    }
    return target;
  }

  /** A copy of the first bytes, at most `most`; they stay. */
  look(most: number): Uint8Array {
    return Buffer.concat(this.pieces, Math.min(most, this.length));
  }

  clear(): void {
    this.pieces = [];
    this.length = 0;
  }

  /** Makes this queue the owner of memory it was only lent. */
  ownAll(): void {
    this.pieces = this.pieces.map((piece) => new Uint8Array(piece));
  }

  private drop(count: number): void {
    const first = this.pieces[0]!;
    this.length -= count;
    if (count === first.length) this.pieces.shift();
    else this.pieces[0] = first.subarray(count);
  }
}
