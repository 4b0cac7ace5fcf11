/**
 * What a subject of the exporter is called where it is imported, and the way back.
 *
 * An import names the exporter's subject and a local one whose tokens may be `*`, in their order, or `$1` and
 * `{{wildcard(1)}}`. Everything is resolved here, once.
 */
import {
  compileTransform,
  hasWildcard,
  isWellFormed,
  readToken,
  TransformProblem,
} from '../../../kernel/plugin-api.ts';
import { commonPattern, tokensInCommon } from './common-pattern.ts';

/** A token of the local subject: as it stands, the exporter's n-th wildcard from 0 on, or all that a `>` covers. */
export type LocalToken =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'wildcard'; readonly index: number }
  | { readonly kind: 'rest' };

const NO_DICE = { below: () => 0 };

export class SubjectMapping {
  /** All that messages are called here, or requests may be called. */
  readonly localPattern: string;
  /** Both sides use the same names. */
  readonly isIdentity: boolean;
  private readonly foreign: readonly string[];
  readonly local: readonly LocalToken[];
  /** Where the exporter's wildcards stand. */
  readonly positions: readonly number[];

  constructor(subject: string, local: readonly LocalToken[]) {
    this.foreign = subject.split('.');
    this.local = local;
    this.positions = this.foreign.flatMap((token, at) => (token === '*' ? [at] : []));
    this.localPattern = local.map(patternToken).join('.');
    this.isIdentity = this.localPattern === subject && this.keepsOrder();
  }

  /** For a subject that the local pattern matches, or a narrower pattern. A wildcard that nothing is known of stays one. */
  toForeign(subject: string): string {
    return this.isIdentity ? subject : (this.foreignOf(subject.split('.')) ?? '');
  }

  /** What the exporter calls all that such a local subscription may see of the import; null when that is nothing. */
  narrowed(pattern: string): string | null {
    const common = commonPattern(pattern, this.localPattern);
    return common === null || this.isIdentity ? common : this.foreignOf(common.split('.'));
  }

  /** Whether every wildcard of the exporter's can be told from a local subject. */
  get isReversible(): boolean {
    const used = new Set(this.local.map((token) => (token.kind === 'wildcard' ? token.index : -1)));
    return this.positions.every((_position, index) => used.has(index));
  }

  /** The exporter's token that is a `>`, if there is one. */
  get restAt(): number {
    return this.foreign.length - 1;
  }

  /** Null when two places that stand for one wildcard say different things. */
  private foreignOf(local: readonly string[]): string | null {
    const found: (string | null)[] = this.positions.map(() => '*');
    let rest = '>';
    for (const [at, token] of this.local.entries()) {
      if (token.kind === 'rest') rest = local.slice(at).join('.');
      if (token.kind !== 'wildcard' || found[token.index] === undefined) continue;
      found[token.index] = tokensInCommon(found[token.index] as string, local[at] as string);
      if (found[token.index] === null) return null;
    }
    let index = 0;
    return this.foreign.map((token) => (token === '*' ? found[index++] : token === '>' ? rest : token)).join('.');
  }

  private keepsOrder(): boolean {
    const order = this.local.flatMap((token) => (token.kind === 'wildcard' ? [token.index] : []));
    return order.every((index, at) => index === at);
  }
}

/** Null: the same name. A problem is the text of a NATS server without what stands in front of it. */
export function compileMapping(subject: string, localSubject: string): SubjectMapping | string {
  const local = localSubject === '' ? subject : localSubject;
  if (!hasWildcard(subject)) return new SubjectMapping(subject, local.split('.').map(asText));
  const destination = withNumbers(local);
  const transform = compileTransform(subject, destination, { random: NO_DICE, strict: true });
  if (transform instanceof TransformProblem) return transform.text;
  return new SubjectMapping(subject, destination.split('.').map(tokenOf));
}

/** `*` becomes `$1`, `$2` and so on: what a problem speaks of. */
export function withNumbers(local: string): string {
  let count = 0;
  return local
    .split('.')
    .map((token) => (token === '*' ? `$${++count}` : token))
    .join('.');
}

/** Whether a subject could be subscribed to. */
export function isSubscribable(subject: string): boolean {
  return isWellFormed(subject);
}

function asText(text: string): LocalToken {
  return { kind: 'text', text };
}

function tokenOf(text: string): LocalToken {
  if (text === '>') return { kind: 'rest' };
  const read = readToken(text);
  if (read instanceof TransformProblem || read.kind === 'literal') return asText(text);
  return { kind: 'wildcard', index: Number(read.indexes[0]) - 1 };
}

function patternToken(token: LocalToken): string {
  if (token.kind === 'text') return token.text;
  return token.kind === 'rest' ? '>' : '*';
}
