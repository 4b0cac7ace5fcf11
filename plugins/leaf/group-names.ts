/** The queue groups a frame names, read again only when they are others. */
import type { LinkParser } from '../../protocols/link/link-parser.ts';

const NO_GROUPS: readonly string[] = [];
const NO_BYTES = Buffer.alloc(0);

export class GroupNames {
  private bytes = NO_BYTES;
  private names = NO_GROUPS;

  /** Empty where the frame names none: then no group is served. */
  in(bytes: Buffer, { groupsStart, groupsEnd }: LinkParser): readonly string[] {
    if (groupsEnd === 0) return NO_GROUPS;
    if (!this.isSame(bytes, groupsStart, groupsEnd)) {
      this.bytes = Buffer.from(bytes.subarray(groupsStart, groupsEnd));
      this.names = this.bytes.toString('latin1').split(/[ \t]+/);
    }
    return this.names;
  }

  private isSame(bytes: Buffer, start: number, end: number): boolean {
    const known = this.bytes;
    if (known.length !== end - start) return false;
    for (let at = 0; at < known.length; at++) if (known[at] !== bytes[start + at]) return false;
    return true;
  }
}
