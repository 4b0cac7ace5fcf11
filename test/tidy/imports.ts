/** What a source file takes from where. */
import { posix } from 'node:path';
import type { SourceFile } from './source-files.ts';
import type { Token } from './tokens.ts';

export interface Import {
  specifier: string;
  /** The file from the package root for a relative import; empty for packages and built-ins. */
  target: string;
  isTypeOnly: boolean;
  line: number;
}

export function readImports(file: SourceFile): Import[] {
  const imports: Import[] = [];
  for (let index = 0; index < file.tokens.length; index++) {
    const found = importAt(file.tokens, index);
    if (found !== null) imports.push({ ...found, target: targetOf(file.path, found.specifier) });
  }
  return imports;
}

type Found = Omit<Import, 'target'>;

function importAt(tokens: readonly Token[], index: number): Found | null {
  const token = tokens[index]!;
  if (token.kind !== 'word' || tokens[index - 1]?.text === '.') return null;
  if (token.text === 'import') return dynamicImport(tokens, index) ?? statement(tokens, index);
  if (token.text === 'export') return reexport(tokens, index);
  return null;
}

function dynamicImport(tokens: readonly Token[], index: number): Found | null {
  const specifier = tokens[index + 2];
  if (tokens[index + 1]?.text !== '(' || specifier?.kind !== 'string') return null;
  return { specifier: specifier.text, isTypeOnly: false, line: specifier.line };
}

/** From `import` to the string that ends the statement. */
function statement(tokens: readonly Token[], index: number): Found | null {
  // `import.meta`, a call, or the name of a property.
  if (['.', '(', ':'].includes(tokens[index + 1]?.text ?? '')) return null;
  for (let at = index + 1; at < tokens.length && tokens[at]!.text !== ';'; at++) {
    const token = tokens[at]!;
    if (token.kind === 'string') {
      return { specifier: token.text, isTypeOnly: isTypeOnly(tokens, index), line: token.line };
    }
  }
  return null;
}

function reexport(tokens: readonly Token[], index: number): Found | null {
  const first = tokens[index + 1]?.text === 'type' ? index + 2 : index + 1;
  if (tokens[first]?.text !== '{' && tokens[first]?.text !== '*') return null;
  let at = first;
  while (at < tokens.length && tokens[at]!.text !== '}' && tokens[at]!.text !== 'from') at++;
  if (tokens[at]?.text === '}') at++;
  const specifier = tokens[at + 1];
  if (tokens[at]?.text !== 'from' || specifier?.kind !== 'string') return null;
  return { specifier: specifier.text, isTypeOnly: isTypeOnly(tokens, index), line: specifier.line };
}

/** `import type from './x.ts'` would import something called "type". */
function isTypeOnly(tokens: readonly Token[], index: number): boolean {
  return tokens[index + 1]?.text === 'type' && tokens[index + 2]?.text !== 'from';
}

function targetOf(path: string, specifier: string): string {
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : '';
}
