/** The texts of tokens, in large pieces of memory; what is freed is used again for texts of about the same length. */
const CHUNK_BYTES = 65_536;
const FIRST_CHUNK_BYTES = 512;
const GROWTH = 4;
const GRAIN = 8;

export class TokenText {
  private chunks: Buffer[] = [];
  private used = 0;
  /** By rounded length: addresses to use again. */
  private readonly free = new Map<number, number[]>();

  /** Where the bytes were put: the chunk in the upper 16 bits. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const address = this.take(rounded(end - start));
    const chunk = this.chunks[address >>> 16]!;
    let at = address & 0xffff;
    for (let from = start; from < end; from++) chunk[at++] = bytes[from]!;
    return address;
  }

  remove(address: number, length: number): void {
    const size = rounded(length);
    const free = this.free.get(size);
    if (free === undefined) this.free.set(size, [address]);
    else free.push(address);
  }

  /** Whether the text at the address, `length` bytes of it, is what ends at `end`. */
  isAt(address: number, length: number, bytes: Uint8Array, end: number): boolean {
    const chunk = this.chunks[address >>> 16]!;
    const offset = address & 0xffff;
    const start = end - length;
    for (let at = 0; at < length; at++) if (chunk[offset + at] !== bytes[start + at]) return false;
    return true;
  }

  text(address: number, length: number): string {
    const chunk = this.chunks[address >>> 16]!;
    const at = address & 0xffff;
    return chunk.toString('latin1', at, at + length);
  }

  get memoryBytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  private take(size: number): number {
    const again = this.free.get(size)?.pop();
    if (again !== undefined) return again;
    let chunk = this.chunks[this.chunks.length - 1];
    if (chunk === undefined || this.used + size > chunk.length) {
      const usual = chunk === undefined ? FIRST_CHUNK_BYTES : chunk.length * GROWTH;
      chunk = Buffer.alloc(Math.max(size, Math.min(CHUNK_BYTES, usual)));
      this.chunks.push(chunk);
      this.used = 0;
    }
    const address = ((this.chunks.length - 1) * CHUNK_BYTES + this.used) >>> 0;
    this.used += size;
    return address;
  }
}

function rounded(length: number): number {
  return Math.max(GRAIN, Math.ceil(length / GRAIN) * GRAIN);
}
