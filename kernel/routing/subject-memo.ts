/** The subject that was asked about last: many messages in a row have the same. */
const REMEMBERED_MAX = 256;

export class SubjectMemo {
  private readonly bytes = new Uint8Array(REMEMBERED_MAX);
  private length = -1;

  isSame(bytes: Buffer, start: number, end: number): boolean {
    if (end - start !== this.length) return false;
    const known = this.bytes;
    // From the end, where subjects differ.
    for (let at = this.length - 1; at >= 0; at--) if (known[at] !== bytes[start + at]) return false;
    return true;
  }

  remember(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    this.length = length > REMEMBERED_MAX ? -1 : length;
    for (let at = 0; at < this.length; at++) this.bytes[at] = bytes[start + at];
  }
}
