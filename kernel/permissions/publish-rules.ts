/** What may be published: what is allowed and what is denied in one tree, so that a subject is looked up once. */
import { SubjectTree } from '../routing/subject-tree.ts';
import type { PermissionRules } from './permission-rules.ts';

const ALLOWED = 1;
const DENIED = 2;

export class PublishRules {
  /** What is said of a pattern, as bits. */
  private readonly tree = new SubjectTree<number>();
  /** What must be said of a subject that is not denied. */
  private readonly needed: number;

  constructor({ publish, responses }: PermissionRules) {
    // Who may answer requests, and is told nothing else, may publish nothing else.
    this.needed = publish.allow === null && responses === null ? 0 : ALLOWED;
    for (const pattern of publish.allow ?? []) this.say(pattern, ALLOWED);
    for (const pattern of publish.deny) this.say(pattern, DENIED);
  }

  allow(bytes: Buffer, start: number, end: number): boolean {
    const { tree } = this;
    const count = tree.match(bytes, start, end);
    let said = 0;
    for (let index = 0; index < count; index++) said |= tree.matched[index]!;
    return (said & (DENIED | this.needed)) === this.needed;
  }

  private say(pattern: string, what: number): void {
    const node = this.tree.ensure(pattern);
    this.tree.setValue(node, (node.value ?? 0) | what);
  }
}
