/**
 * A literal subject, cut into tokens where it lies: positions and hashes, and no strings.
 *
 * One is enough for all walks, because a walk is over before the next begins.
 */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const FIRST_TOKENS = 32;
const DOT = 46;

export class SplitSubject {
  count = 0;
  /** Where the tokens end that somebody looked at; 0 before anybody did. */
  lookedEnd = 0;
  private bytes: Uint8Array = new Uint8Array(0);
  private starts = new Int32Array(FIRST_TOKENS);
  private ends = new Int32Array(FIRST_TOKENS);
  private hashes = new Int32Array(FIRST_TOKENS);
  private isHashed = new Uint8Array(FIRST_TOKENS);

  /** Notes where the tokens lie. False when one is empty: such a subject matches nothing. */
  split(bytes: Uint8Array, start: number, end: number): boolean {
    let count = 0;
    let tokenStart = start;
    for (let at = start; at < end; at++) {
      if (bytes[at] !== DOT) continue;
      if (at === tokenStart) return false;
      if (count + 1 >= this.starts.length) this.grow();
      this.starts[count] = tokenStart;
      this.ends[count] = at;
      this.isHashed[count++] = 0;
      tokenStart = at + 1;
    }
    if (tokenStart === end) return false;
    this.starts[count] = tokenStart;
    this.ends[count] = end;
    this.isHashed[count++] = 0;
    this.count = count;
    this.lookedEnd = 0;
    this.bytes = bytes;
    return true;
  }

  /** The same as `hashOfToken` of the token at that depth; computed when it is first asked for. */
  hashAt(depth: number): number {
    return this.isHashed[depth] === 1 ? this.hashes[depth] : this.hash(depth);
  }

  isAt(depth: number, token: string): boolean {
    const start = this.starts[depth];
    const length = this.ends[depth] - start;
    if (token.length !== length) return false;
    for (let at = 0; at < length; at++) if (token.charCodeAt(at) !== this.bytes[start + at]) return false;
    return true;
  }

  private hash(depth: number): number {
    let hash = FNV_OFFSET;
    const end = this.ends[depth];
    for (let at = this.starts[depth]; at < end; at++) hash = Math.imul(hash ^ this.bytes[at], FNV_PRIME);
    this.hashes[depth] = hash;
    this.isHashed[depth] = 1;
    if (end > this.lookedEnd) this.lookedEnd = end;
    return hash | 0;
  }

  private grow(): void {
    const size = this.starts.length * 2;
    this.starts = grown(this.starts, size);
    this.ends = grown(this.ends, size);
    this.hashes = grown(this.hashes, size);
    this.isHashed = new Uint8Array(size);
  }
}

export function hashOfToken(token: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < token.length; at++) hash = Math.imul(hash ^ token.charCodeAt(at), FNV_PRIME);
  return hash | 0;
}

function grown(from: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(size);
  to.set(from);
  return to;
}
