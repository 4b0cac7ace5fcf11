/** The subject that was asked about last, or the beginning of it that mattered: many messages in a row have the same. */
const REMEMBERED_MAX = 256;

export class SubjectMemo {
  /** -1 where there is none, or it was too long. */
  length = -1;
  private readonly bytes = new Uint8Array(REMEMBERED_MAX);

  isSame(bytes: Uint8Array, start: number, end: number): boolean {
    return end - start === this.length && this.begins(bytes, start, end);
  }

  /** Whether a subject begins with the one that is remembered. */
  begins(bytes: Uint8Array, start: number, end: number): boolean {
    const { length } = this;
    if (length < 0 || start + length > end) return false;
    const known = this.bytes;
    // From the end, where subjects differ.
    for (let at = length - 1; at >= 0; at--) if (known[at] !== bytes[start + at]) return false;
    return true;
  }

  remember(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.length = length > REMEMBERED_MAX ? -1 : length;
    for (let at = 0; at < this.length; at++) this.bytes[at] = bytes[start + at];
  }
}
