/** Reads one token of a transform's destination: a literal, `$n`, or `{{function(arguments)}}`. */

import { parseInteger } from './integer.ts';
import { findFunction, type MappingFunction } from './mapping-functions.ts';
import { TransformProblem } from './transform-problem.ts';

export interface LiteralToken {
  readonly kind: 'literal';
  readonly text: string;
}

export type DestinationToken = LiteralToken | MappingFunction;

/** A function may stand anywhere between the braces of its token; blanks may stand around name and arguments. */
const CALL = /\{\{[\t\n\f\r ]*([A-Za-z]+)[\t\n\f\r ]*\(([^\n]*)\)[\t\n\f\r ]*\}\}/;

/** Braces around nothing are a literal. */
export function looksLikeCall(token: string): boolean {
  return token.length > 4 && token.startsWith('{{') && token.endsWith('}}');
}

export function isKnownCall(token: string): boolean {
  const call = CALL.exec(token);
  return call !== null && findFunction(call[1]!) !== null;
}

export function readToken(token: string): DestinationToken | TransformProblem {
  if (looksLikeCall(token)) return readCall(token);
  const index = token.startsWith('$') ? parseInteger(token.slice(1)) : null;
  return index === null ? { kind: 'literal', text: token } : { kind: 'wildcard', indexes: [index] };
}

function readCall(token: string): MappingFunction | TransformProblem {
  const call = CALL.exec(token);
  const read = call === null ? null : findFunction(call[1]!);
  if (call === null || read === null) return new TransformProblem('TRANSFORM_FUNCTION_UNKNOWN', token);
  const result = read(call[2]!.split(/,[\t\n\f\r ]*/));
  return typeof result === 'string' ? new TransformProblem(result, token) : result;
}
