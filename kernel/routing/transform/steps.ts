/** What a transform does for each token of its destination, with every wildcard resolved to a token of the subject. */
import type { Random } from '../../ports/ports.ts';
import type { DestinationToken } from './destination-token.ts';
import { fnv1a } from './fnv.ts';
import type { SizedKind } from './mapping-functions.ts';
import { cutAt, cutInPieces, splitBy } from './split-token.ts';

export type Step =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'rest'; readonly from: number }
  | { readonly kind: 'wildcard'; readonly token: number }
  | { readonly kind: 'partition'; readonly tokens: readonly number[]; readonly buckets: number }
  | { readonly kind: 'random'; readonly buckets: number }
  | { readonly kind: 'split'; readonly token: number; readonly delimiter: string }
  | { readonly kind: SizedKind; readonly token: number; readonly size: number };

/** `positions` are the tokens of the source that are a `*`. */
export function toStep(destination: DestinationToken, positions: readonly number[]): Step {
  if (destination.kind === 'literal') return destination;
  const tokens = destination.indexes.map((index) => (index > 0n ? positions[Number(index) - 1]! : 0));
  const { kind } = destination;
  if (kind === 'partition') return { kind, tokens, buckets: destination.buckets };
  if (kind === 'random') return { kind, buckets: destination.buckets };
  if (kind === 'wildcard') return { kind, token: tokens[0]! };
  if (kind === 'split') return { kind, token: tokens[0]!, delimiter: destination.delimiter };
  return { kind, token: tokens[0]!, size: destination.size };
}

export function runStep(step: Step, tokens: readonly string[], subject: string, random: Pick<Random, 'below'>): string {
  switch (step.kind) {
    case 'literal':
      return step.text;
    case 'rest':
      return tokens.slice(step.from).join('.');
    case 'partition':
      return partition(step.tokens, step.buckets, tokens, subject);
    case 'random':
      return step.buckets === 0 ? '0' : String(random.below(step.buckets));
    case 'wildcard':
      return tokens[step.token]!;
    case 'split':
      return splitBy(tokens[step.token]!, step.delimiter);
    default:
      return cut(step.kind, tokens[step.token]!, step.size);
  }
}

/** Over the named tokens without anything between them, or over the whole subject when none is named. */
function partition(named: readonly number[], buckets: number, tokens: readonly string[], subject: string): string {
  if (buckets === 0) return '0';
  const key = named.length === 0 ? subject : named.map((token) => tokens[token]).join('');
  return String(fnv1a(key) % buckets);
}

function cut(kind: SizedKind, token: string, size: number): string {
  switch (kind) {
    case 'splitFromLeft':
      return cutAt(token, size);
    case 'splitFromRight':
      return cutAt(token, token.length - size);
    case 'sliceFromLeft':
      return cutInPieces(token, size, 0);
    case 'sliceFromRight':
      return cutInPieces(token, size, token.length % size);
    case 'left':
      return size > 0 ? token.slice(0, size) : token;
    case 'right':
      return size > 0 ? token.slice(-size) : token;
  }
}
