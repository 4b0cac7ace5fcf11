/**
 * A set of subject patterns. What is asked about is text, wildcards included, as in a published subject; a `*` of a
 * pattern covers any token, also `>`.
 */
import { Buffer } from 'node:buffer';
import { collide, hasWildcard } from '../routing/subject.ts';
import { SubjectTree } from '../routing/subject-tree.ts';

export class SubjectSet {
  private readonly patterns: string[] = [];
  /** Most sets of most users are empty. */
  private tree: SubjectTree<true> | null = null;

  /** The patterns must be valid; one character of them stands for one byte. */
  static of(patterns: Iterable<string>): SubjectSet {
    const set = new SubjectSet();
    for (const pattern of patterns) set.add(pattern);
    return set;
  }

  add(pattern: string): void {
    this.tree ??= new SubjectTree();
    this.tree.setValue(this.tree.ensure(pattern), true);
    this.patterns.push(pattern);
  }

  covers(bytes: Buffer, start: number, end: number): boolean {
    return this.tree?.covers(bytes, start, end) ?? false;
  }

  /** The same for a subject as the kernel holds it, one character per byte. */
  coversText(subject: string): boolean {
    const bytes = Buffer.from(subject, 'latin1');
    return this.covers(bytes, 0, bytes.length);
  }

  /** Some literal subject matches both the given pattern and one of these. */
  collidesWith(pattern: string): boolean {
    if (!hasWildcard(pattern)) return this.coversText(pattern);
    return this.patterns.some((own) => collide(own, pattern));
  }
}
