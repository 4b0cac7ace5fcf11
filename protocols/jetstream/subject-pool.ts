/** Subjects of which it is asked whether another one collides with any. Those without wildcards, however many, cost a look-up. */
import { collide, isLiteralSubject } from './subject-rules.ts';

export class SubjectPool {
  private readonly literals = new Set<string>();
  private readonly patterns: string[] = [];

  add(subject: string): void {
    if (isLiteralSubject(subject)) this.literals.add(subject);
    else this.patterns.push(subject);
  }

  /** Null where there is none. */
  colliding(subject: string): string | null {
    if (isLiteralSubject(subject)) {
      if (this.literals.has(subject)) return subject;
      return this.patterns.find((pattern) => collide(pattern, subject)) ?? null;
    }
    for (const literal of this.literals) if (collide(literal, subject)) return literal;
    return this.patterns.find((pattern) => collide(pattern, subject)) ?? null;
  }
}
