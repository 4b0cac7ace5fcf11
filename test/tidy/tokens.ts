/**
 * TypeScript source as a list of tokens: enough to see imports, calls and braces without being fooled by
 * strings, comments, templates and regular expressions. Comments are dropped.
 */
export interface Token {
  kind: 'word' | 'sign' | 'string' | 'number' | 'pattern';
  /** For strings the content, without quotes and with escapes left alone. */
  text: string;
  line: number;
}

const WORD = /[\p{ID_Start}$_#][\p{ID_Continue}$]*/uy;
const NUMBER = /\d[\w.]*/y;
const BLANK = /\s+/y;
const LINE_COMMENT = /\/\/[^\n]*/y;
const BLOCK_COMMENT = /\/\*[\s\S]*?\*\//y;
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y;
const PATTERN = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const SIGN = /=>|\?\.(?!\d)|\.\.\.|[\s\S]/y;
const TEMPLATE_CHUNK = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(`|\$\{)/y;
const BEFORE_PATTERN = /^(return|typeof|case|in|of|new|delete|void|throw|await|yield|else|do|instanceof)$/;

export function readTokens(text: string): Token[] {
  const reader = new TokenReader(text);
  while (reader.step());
  return reader.tokens;
}

class TokenReader {
  readonly tokens: Token[] = [];
  private readonly text: string;
  private at = 0;
  private line = 1;
  /** One entry per open brace: whether its closing one goes on with a template. */
  private readonly braces: boolean[] = [];

  constructor(text: string) {
    this.text = text;
  }

  step(): boolean {
    if (this.at >= this.text.length) return false;
    if (this.take(BLANK) !== null || this.take(LINE_COMMENT) !== null || this.take(BLOCK_COMMENT) !== null) return true;
    if (this.text[this.at] === '`') {
      this.at++;
      this.template();
      return true;
    }
    if (this.keep('word', WORD) || this.keep('number', NUMBER) || this.keep('string', STRING)) return true;
    if (this.mayBePattern() && this.keep('pattern', PATTERN)) return true;
    this.sign();
    return true;
  }

  private sign(): void {
    const line = this.line;
    const text = this.take(SIGN) ?? '';
    if (text === '{') this.braces.push(false);
    const isTemplateEnd = text === '}' && this.braces.pop() === true;
    this.tokens.push({ kind: 'sign', text: isTemplateEnd ? ')' : text, line });
    if (isTemplateEnd) this.template();
  }

  /** An expression within a template is shown as one in parentheses, so that brackets stay balanced. */
  private template(): void {
    const line = this.line;
    const chunk = this.take(TEMPLATE_CHUNK);
    if (chunk === null) throw new Error(`line ${line}: a template without an end`);
    const isOpen = chunk.endsWith('{');
    this.tokens.push({ kind: 'string', text: chunk.slice(0, isOpen ? -2 : -1), line });
    if (!isOpen) return;
    this.braces.push(true);
    this.tokens.push({ kind: 'sign', text: '(', line: this.line });
  }

  private mayBePattern(): boolean {
    if (this.text[this.at] !== '/') return false;
    const last = this.tokens.at(-1);
    if (last === undefined) return true;
    if (last.kind === 'sign') return !')]}'.includes(last.text);
    return last.kind === 'word' && BEFORE_PATTERN.test(last.text);
  }

  private keep(kind: Token['kind'], pattern: RegExp): boolean {
    const line = this.line;
    const text = this.take(pattern);
    if (text === null) return false;
    this.tokens.push({ kind, text: kind === 'string' ? text.slice(1, -1) : text, line });
    return true;
  }

  private take(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) return null;
    this.at = pattern.lastIndex;
    for (const character of match[0]) if (character === '\n') this.line++;
    return match[0];
  }
}
