/**
 * Makes a transform out of a source pattern and a destination.
 *
 * Everything is checked and resolved here, once; a transform that exists cannot fail.
 */
import type { Random } from '../../ports/ports.ts';
import { hasWildcard, isValidSubject, isWellFormed } from '../subject.ts';
import { type DestinationToken, isKnownCall, looksLikeCall, readToken } from './destination-token.ts';
import { type Step, toStep } from './steps.ts';
import { SubjectTransform } from './subject-transform.ts';
import { TransformProblem } from './transform-problem.ts';

export interface TransformOptions {
  /** Draws for `random`; of the ports' random, `below` is enough. */
  random: Pick<Random, 'below'>;
  /** As imports have it: no function but `wildcard`, and no wildcard of the source left out. */
  strict?: boolean;
}

interface Source {
  readonly pattern: string;
  readonly isLiteral: boolean;
  /** The tokens that are a `*`, counted from 0. */
  readonly positions: readonly number[];
}

/** An empty source takes every subject, an empty destination leaves subjects as they are. */
export function compileTransform(
  source: string,
  destination: string,
  options: TransformOptions,
): SubjectTransform | TransformProblem {
  const pattern = source === '' ? '>' : source;
  const steps = planSteps(pattern, destination, options.strict === true);
  return steps instanceof TransformProblem ? steps : new SubjectTransform(pattern, steps, options.random);
}

function planSteps(pattern: string, destination: string, isStrict: boolean): readonly Step[] | TransformProblem {
  if (destination === '') return [{ kind: 'rest', from: 0 }];
  const tokens = destination.split('.');
  const problem = isStrict ? null : checkDestination(tokens);
  if (problem !== null) return problem;
  if (!hasMatchingShape(pattern, destination, tokens)) return new TransformProblem('TRANSFORM_SUBJECT');
  const source = readSource(pattern);
  const read = readTokens(tokens, source, isStrict);
  if (read instanceof TransformProblem) return read;
  if (isStrict && countWildcards(read) < source.positions.length) {
    return new TransformProblem('TRANSFORM_WILDCARDS_UNUSED', destination);
  }
  return read.map((token) => toStepAt(token, source));
}

/** What is wrong with a destination whatever its source. The first token at fault decides. */
function checkDestination(tokens: readonly string[]): TransformProblem | null {
  for (let at = 0, isBehindFull = false; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (token === '') return new TransformProblem('TRANSFORM_DESTINATION');
    if (isBehindFull) return new TransformProblem('TRANSFORM_DESTINATION', token);
    if (looksLikeCall(token)) {
      if (!isKnownCall(token)) return new TransformProblem('TRANSFORM_FUNCTION_UNKNOWN', token);
    } else if (/[ \t\n\f\r]/.test(token)) return new TransformProblem('TRANSFORM_DESTINATION');
    isBehindFull = token === '>';
  }
  return null;
}

/** `>` ends both or neither, and only a source may hold a `*`. */
function hasMatchingShape(pattern: string, destination: string, tokens: readonly string[]): boolean {
  if (!isValidSubject(pattern) || !isWellFormed(destination) || tokens.includes('*')) return false;
  return endsFull(pattern) === endsFull(destination);
}

function endsFull(subject: string): boolean {
  return subject === '>' || subject.endsWith('.>');
}

function readSource(pattern: string): Source {
  const positions = pattern.split('.').flatMap((token, at) => (token === '*' ? [at] : []));
  return { pattern, isLiteral: !hasWildcard(pattern), positions };
}

function readTokens(
  tokens: readonly string[],
  source: Source,
  isStrict: boolean,
): readonly DestinationToken[] | TransformProblem {
  const read: DestinationToken[] = [];
  for (const token of tokens) {
    const result = readToken(token);
    if (result instanceof TransformProblem) return result;
    const problem = checkUse(result, token, source, isStrict);
    if (problem !== null) return problem;
    read.push(result);
  }
  return read;
}

function checkUse(read: DestinationToken, token: string, source: Source, isStrict: boolean): TransformProblem | null {
  if (read.kind === 'literal') return null;
  if (isStrict && read.kind !== 'wildcard') return new TransformProblem('TRANSFORM_FUNCTION_FORBIDDEN', token);
  if (source.isLiteral) {
    const isFree = read.kind === 'partition' || read.kind === 'random';
    return isFree ? null : new TransformProblem('TRANSFORM_INDEX_RANGE', token);
  }
  const beyond = read.indexes.find((index) => index > BigInt(source.positions.length));
  return beyond === undefined ? null : new TransformProblem('TRANSFORM_INDEX_RANGE', token, beyond);
}

function countWildcards(tokens: readonly DestinationToken[]): number {
  return tokens.filter((token) => token.kind === 'wildcard').length;
}

function toStepAt(token: DestinationToken, source: Source): Step {
  if (token.kind === 'literal' && token.text === '>') {
    return { kind: 'rest', from: source.pattern.split('.').length - 1 };
  }
  // Without wildcards in the source there is nothing to name: a partition is taken over the whole subject.
  if (token.kind === 'partition' && source.isLiteral) return toStep({ ...token, indexes: [] }, []);
  return toStep(token, source.positions);
}
