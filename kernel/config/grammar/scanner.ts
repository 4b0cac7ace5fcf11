/** A reading head over the text of one file: where it stands, what comes next, how far it has got. */
import type { Place } from '../problem.ts';
import { END, isBlank, isSpace, shown } from './character.ts';

/** The text breaks the grammar; nothing after this point can be understood. */
export class ParseError extends Error {
  readonly place: Place;

  constructor(text: string, place: Place) {
    super(text);
    this.place = place;
  }
}

/**
 * The text ends where it may. That is between entries, however many braces are open around them, and also
 * right behind an opening quote: a NATS server sees no error in either.
 */
export class EndOfText extends Error {}

export class Scanner {
  readonly file: string;
  readonly text: string;
  position = 0;
  #line = 1;
  #column = 0;
  /** Everything before this index is counted in line and column. */
  #counted = 0;
  #nextLineEnd: number;

  constructor(text: string, file: string) {
    this.text = text;
    this.file = file;
    this.#nextLineEnd = this.#lineEndFrom(0);
  }

  /** The next character, or END. */
  peek(): string {
    const unit = this.text.charCodeAt(this.position);
    if (Number.isNaN(unit)) return END;
    if (unit >= 0xd800 && unit < 0xdc00) return this.text.slice(this.position, this.position + 2);
    return this.text.charAt(this.position);
  }

  next(): string {
    const character = this.peek();
    this.position += character.length;
    return character;
  }

  accept(character: string): boolean {
    if (this.peek() !== character) return false;
    this.position += character.length;
    return true;
  }

  startsWith(text: string): boolean {
    return this.text.startsWith(text, this.position);
  }

  skipBlanks(): void {
    while (isBlank(this.peek())) this.position++;
  }

  skipSpace(): void {
    for (let character = this.peek(); character !== END && isSpace(character); character = this.peek()) {
      this.position += character.length;
    }
  }

  skipToLineEnd(): void {
    for (let character = this.peek(); character !== END && !'\r\n'.includes(character); character = this.peek()) {
      this.position += character.length;
    }
  }

  /** Where the head stands. Asked in reading order, this costs no second look at the line. */
  place(): Place {
    this.#countTo(this.position);
    return { file: this.file, line: this.#line, column: this.#column };
  }

  /** The place of a quoted text that has just been read: the line it ends on, the column it began in. */
  placeOfText(start: Place): Place {
    return { file: start.file, line: this.place().line, column: start.column };
  }

  /** Throws a grammar error; `after` is how many characters beyond the head belong to what was wrong. */
  fail(message: string, after = 0): never {
    const place = this.place();
    const seen = this.text.slice(this.position, this.position + after);
    const line = place.line + (seen.match(/\n/g)?.length ?? 0);
    throw new ParseError(`Parse error on line ${line}: '${message}'`, place);
  }

  /** Throws a grammar error about the next character. */
  failAtNext(before: string, behind: string): never {
    const character = this.peek();
    this.fail(`${before}'${shown(character)}'${behind}`, character.length);
  }

  #countTo(end: number): void {
    if (end < this.#counted) this.#countAgain();
    while (this.#nextLineEnd < end) {
      this.#line++;
      this.#column = 1;
      this.#counted = this.#nextLineEnd + 1;
      this.#nextLineEnd = this.#lineEndFrom(this.#counted);
    }
    this.#column += Buffer.byteLength(this.text.slice(this.#counted, end));
    this.#counted = end;
  }

  #countAgain(): void {
    this.#line = 1;
    this.#column = 0;
    this.#counted = 0;
    this.#nextLineEnd = this.#lineEndFrom(0);
  }

  #lineEndFrom(start: number): number {
    const at = this.text.indexOf('\n', start);
    return at < 0 ? Number.POSITIVE_INFINITY : at;
  }
}
