/** A compiled transform: turns subjects that its source matches into others. */
import type { Random } from '../../ports/ports.ts';
import { isSubset, isValidLiteral } from '../subject.ts';
import { runStep, type Step } from './steps.ts';

export class SubjectTransform {
  readonly source: string;
  /** The same subject always becomes the same: a result may be remembered. */
  readonly isDeterministic: boolean;
  private readonly steps: readonly Step[];
  private readonly random: Pick<Random, 'below'>;

  constructor(source: string, steps: readonly Step[], random: Pick<Random, 'below'>) {
    this.source = source;
    this.isDeterministic = steps.every((step) => step.kind !== 'random' || step.buckets < 2);
    this.steps = steps;
    this.random = random;
  }

  /** Null for a subject that is no valid literal, or that the source does not match. */
  transform(subject: string): string | null {
    return isValidLiteral(subject) && isSubset(subject, this.source) ? this.rewrite(subject) : null;
  }

  /** For a subject, or a narrower pattern, that the source is known to cover. */
  rewrite(subject: string): string {
    const tokens = subject.split('.');
    return this.steps.map((step) => runStep(step, tokens, subject, this.random)).join('.');
  }
}
