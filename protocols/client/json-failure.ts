/**
 * What is wrong with a JSON text, in the words of a NATS server's log. At most one character of the text is shown: there
 * may be a password in it.
 */
import { quotedText } from './quoted.ts';

const DEPTH_MAX = 1000;

/** Null when the text is sound. */
export function jsonFailure(text: string): string | null {
  try {
    new JsonCheck(text).document();
    return null;
  } catch (error) {
    if (error instanceof JsonMistake) return error.message;
    throw error;
  }
}

/** Of a sound text: a value is not what is expected where it stands. `isShown`: the number itself may be told. */
export function typeFailure(value: unknown, expected: string, isShown = false): string {
  const number = isShown && typeof value === 'number' ? ` ${value}` : '';
  return `json: cannot unmarshal ${kindOf(value)}${number} into ${expected}`;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

class JsonMistake extends Error {}

class JsonCheck {
  private readonly text: string;
  private at = 0;
  private depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  document(): void {
    this.value();
    this.skipSpace();
    if (this.at < this.text.length) this.refuse('after top-level value');
  }

  private value(): void {
    const first = this.visible();
    if (first === '{') this.object();
    else if (first === '[') this.array();
    else if (first === '"') this.string();
    else if (first === '-' || isDigit(first)) this.number();
    else if (first === 't') this.literal('true');
    else if (first === 'f') this.literal('false');
    else if (first === 'n') this.literal('null');
    else this.refuse('looking for beginning of value');
  }

  private object(): void {
    if (this.isEmpty('}')) return;
    for (;;) {
      if (this.visible() !== '"') this.refuse('looking for beginning of object key string');
      this.string();
      if (this.visible() !== ':') this.refuse('after object key');
      this.at++;
      this.value();
      if (this.isOver('}', 'after object key:value pair')) return;
    }
  }

  private array(): void {
    if (this.isEmpty(']')) return;
    do this.value();
    while (!this.isOver(']', 'after array element'));
  }

  private string(): void {
    this.at++;
    for (;;) {
      const character = this.character();
      if (character < ' ') this.refuse('in string');
      this.at++;
      if (character === '"') return;
      if (character === '\\') this.escape();
    }
  }

  private escape(): void {
    const letter = this.character();
    const isKnown = letter === 'u' ? /^[\da-f]{4}/i.test(this.text.slice(this.at + 1)) : '"\\/bfnrt'.includes(letter);
    if (!isKnown) throw new JsonMistake(`invalid escape sequence \`\\${letter}\` in string`);
    this.at++;
  }

  private number(): void {
    if (this.character() === '-') this.at++;
    if (this.character() === '0') this.at++;
    else this.digits();
    if (this.text[this.at] === '.') {
      this.at++;
      this.digits();
    }
    if (!'eE'.includes(this.text[this.at] ?? '?')) return;
    this.at++;
    if ('+-'.includes(this.character())) this.at++;
    this.digits();
  }

  private digits(): void {
    if (!isDigit(this.character())) this.refuse('in numeric literal');
    while (isDigit(this.text[this.at] ?? '')) this.at++;
  }

  private literal(word: string): void {
    for (const letter of word) {
      if (this.character() !== letter) this.refuse(`in literal ${word} (expecting '${letter}')`);
      this.at++;
    }
  }

  /** Goes in, and out again when there is nothing. */
  private isEmpty(closing: string): boolean {
    this.at++;
    if (++this.depth > DEPTH_MAX) throw new JsonMistake('exceeded max depth');
    if (this.visible() !== closing) return false;
    this.at++;
    this.depth--;
    return true;
  }

  /** Behind a member: goes out, or on to the next one. */
  private isOver(closing: string, where: string): boolean {
    const character = this.visible();
    if (character !== closing && character !== ',') this.refuse(where);
    this.at++;
    if (character === ',') return false;
    this.depth--;
    return true;
  }

  private skipSpace(): void {
    while (' \t\r\n'.includes(this.text[this.at] ?? '?')) this.at++;
  }

  private visible(): string {
    this.skipSpace();
    return this.character();
  }

  private character(): string {
    const character = this.text[this.at];
    if (character === undefined) throw new JsonMistake('unexpected end of JSON input');
    return character;
  }

  private refuse(where: string): never {
    const shown = this.text[this.at] === '"' ? '"' : quotedText(this.character()).slice(1, -1).replace("'", "\\'");
    throw new JsonMistake(`invalid character '${shown}' ${where}`);
  }
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}
