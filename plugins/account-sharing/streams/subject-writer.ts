/**
 * Writes the local name of a subject, from bytes to bytes: subjects that differ from message to message cost no strings.
 */
import type { LocalToken } from '../rules/subject-mapping.ts';

const DOT = 46;
const FIRST_CAPACITY = 128;
/** How many tokens of a subject are looked for at first. */
const FIRST_TOKENS = 32;

export class SubjectWriter {
  /** What was written last, from 0 to the answer of `write`. */
  bytes = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  /** A part is bytes that stand as they are, a token's number, or that number from which on all tokens are meant. */
  private readonly literals: readonly (Buffer | null)[];
  private readonly tokens: readonly number[];
  private readonly isRest: readonly boolean[];
  private readonly literalLength: number;
  private readonly last: number;
  private starts = new Int32Array(FIRST_TOKENS);
  private ends = new Int32Array(FIRST_TOKENS);

  /** `positions` are the tokens of the exporter's subject that are a `*`, `restAt` the one that is a `>`. */
  constructor(local: readonly LocalToken[], positions: readonly number[], restAt: number) {
    this.literals = local.map((token) => (token.kind === 'text' ? Buffer.from(token.text, 'latin1') : null));
    this.tokens = local.map((token) =>
      token.kind === 'wildcard' ? (positions[token.index] ?? 0) : token.kind === 'rest' ? restAt : -1,
    );
    this.isRest = local.map((token) => token.kind === 'rest');
    this.literalLength = this.literals.reduce((sum, bytes) => sum + (bytes?.length ?? 0) + 1, 0);
    this.last = Math.max(...this.tokens);
  }

  /** Answers the length. */
  write(source: Buffer, start: number, end: number): number {
    this.split(source, start, end);
    const room = this.literalLength + this.tokens.length * (end - start + 1);
    if (this.bytes.length < room) this.bytes = Buffer.allocUnsafeSlow(2 * room);
    const { bytes: target, tokens, literals, starts, ends } = this;
    let to = 0;
    for (let part = 0; part < tokens.length; part++) {
      if (part > 0) target[to++] = DOT;
      const token = tokens[part]!;
      const from = token < 0 ? literals[part]! : source;
      const stop = token < 0 ? from.length : this.isRest[part] ? end : ends[token]!;
      for (let at = token < 0 ? 0 : starts[token]!; at < stop; at++) target[to++] = from[at]!;
    }
    return to;
  }

  /** Up to the last token that is needed. */
  private split(source: Buffer, start: number, end: number): void {
    if (this.starts.length <= this.last) {
      this.starts = new Int32Array(this.last + 1);
      this.ends = new Int32Array(this.last + 1);
    }
    let from = start;
    for (let token = 0; token <= this.last; token++) {
      let at = from;
      while (at < end && source[at] !== DOT) at++;
      this.starts[token] = from;
      this.ends[token] = at;
      from = at + 1;
    }
  }
}
