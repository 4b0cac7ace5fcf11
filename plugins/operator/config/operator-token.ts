/** Operators of the configuration: each a token, or the name of a file that holds one. */
import { verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ConfigNode, type Problems, publicKeyOf, typeName } from '../../../kernel/plugin-api.ts';
import type { OperatorClaims } from '../../../protocols/jwt/operator-claims.ts';
import { decodeTokenOf, signatureFailure } from '../../../protocols/jwt/token.ts';

export interface Operator {
  readonly token: string;
  readonly claims: OperatorClaims;
}

/** How every token begins: the braces and quotes of its header. */
const TOKEN_START = 'eyJ';
/** As tools write it: the token between two lines of dashes. */
const DECORATED = /-{3,}BEGIN [^\n]*-{3,}\s+([\w-]+\.[\w-]+\.[\w-]+)\s+-{3,}/;

export function readOperators(node: ConfigNode, problems: Problems): readonly Operator[] {
  return textsIn(node, problems).flatMap((text) => {
    const outcome = operatorOf(text);
    if (!('failure' in outcome)) return [outcome];
    problems.error(node, `error parsing operator JWT: ${outcome.failure}`);
    return [];
  });
}

function textsIn(node: ConfigNode, problems: Problems): readonly string[] {
  const nodes = node.kind === 'array' ? node.value : [node];
  return nodes.flatMap((element) => {
    if (element.kind === 'string') return [element.value];
    problems.error(element, `error parsing operators: unsupported type ${typeName(element)}`);
    return [];
  });
}

function operatorOf(text: string): Operator | { failure: string } {
  const token = text.startsWith(TOKEN_START) ? text : tokenIn(text);
  if (typeof token !== 'string') return token;
  const decoded = decodeTokenOf('operator', token);
  if ('failure' in decoded) return decoded;
  const { claims, signedText, signature } = decoded;
  const isGenuine = verify(null, Buffer.from(signedText), publicKeyOf(claims.issuer)!, signature);
  return isGenuine ? { token, claims } : { failure: signatureFailure(decoded) };
}

function tokenIn(path: string): string | { failure: string } {
  try {
    const text = readFileSync(path, 'utf8');
    return DECORATED.exec(text)?.[1] ?? text.trim();
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { failure: isMissing ? `open ${path}: no such file or directory` : (error as Error).message };
  }
}
