/** Finds the functions of a source file and how many lines each takes. */
import type { SourceFile } from './source-files.ts';
import type { Token } from './tokens.ts';

export interface FunctionSize {
  name: string;
  line: number;
  lines: number;
}

const NOT_A_NAME = /^(if|for|while|switch|catch|with|await)$/;
/** What cannot stand in a return type: whoever meets one on the way back has left the head of a function. */
const TYPE_ENDS = new Set(
  '; { } = , ( ? => class interface extends implements else try finally do static return export declare'.split(' '),
);

export function measureFunctions(file: SourceFile): FunctionSize[] {
  const { tokens } = file;
  const partners = matchBrackets(tokens);
  const found: FunctionSize[] = [];
  for (let index = 0; index < tokens.length; index++) {
    if (tokens[index]!.text !== '{' || tokens[index]!.kind !== 'sign') continue;
    const head = headOf(tokens, partners, index);
    const end = partners.get(index);
    if (head === null || end === undefined) continue;
    found.push({ name: head.name, line: head.line, lines: tokens[end]!.line - head.line + 1 });
  }
  return found;
}

/** Where the function whose body opens at `brace` begins, or null when the brace opens something else. */
function headOf(tokens: readonly Token[], partners: Map<number, number>, brace: number): Head | null {
  const before = tokens[brace - 1];
  if (before === undefined) return null;
  if (before.text === '=>') return { name: nameBefore(tokens, brace), line: before.line };
  const close = before.text === ')' ? brace - 1 : closeBeforeReturnType(tokens, partners, brace);
  if (close === null) return null;
  const open = partners.get(close);
  return open === undefined ? null : headFromParameters(tokens, open);
}

interface Head {
  name: string;
  line: number;
}

function headFromParameters(tokens: readonly Token[], open: number): Head | null {
  let at = open - 1;
  if (tokens[at]?.text === '>') at = beforeGenerics(tokens, at);
  const name = tokens[at];
  if (name === undefined || NOT_A_NAME.test(name.text)) return null;
  if (name.kind === 'sign' && name.text !== ']') return null;
  return { name: name.text, line: name.line };
}

function beforeGenerics(tokens: readonly Token[], close: number): number {
  let depth = 0;
  for (let at = close; at >= 0; at--) {
    if (tokens[at]!.text === '>') depth++;
    else if (tokens[at]!.text === '<' && --depth === 0) return at - 1;
  }
  return -1;
}

/** Steps over `: Type` backwards; answers the parenthesis that ends the parameters. */
function closeBeforeReturnType(tokens: readonly Token[], partners: Map<number, number>, brace: number): number | null {
  let at = brace - 1;
  while (at > 0) {
    const text = tokens[at]!.text;
    if (text === ':' && tokens[at - 1]!.text === ')') return at < brace - 1 ? at - 1 : null;
    const partner = partners.get(at);
    if (partner !== undefined && partner < at) at = partner - 1;
    else if (text === '>') at = beforeGenerics(tokens, at);
    else if (TYPE_ENDS.has(text)) return null;
    else at--;
  }
  return null;
}

/** The name an arrow function is given, for the report only. */
function nameBefore(tokens: readonly Token[], brace: number): string {
  for (let at = brace; at > Math.max(0, brace - 60); at--) {
    const token = tokens[at]!;
    if (token.text === '=') return tokens[at - 1]!.text;
    if (token.kind === 'string') return `'${token.text}'`;
  }
  return 'arrow function';
}

function matchBrackets(tokens: readonly Token[]): Map<number, number> {
  const partners = new Map<number, number>();
  const open: number[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const { kind, text } = tokens[index]!;
    if (kind !== 'sign') continue;
    if ('([{'.includes(text)) open.push(index);
    else if (')]}'.includes(text)) {
      const start = open.pop();
      if (start === undefined) continue;
      partners.set(start, index);
      partners.set(index, start);
    }
  }
  return partners;
}
