/**
 * Tells headers that may ask for a trace from all others, without looking at every byte of them.
 *
 * This is Horspool's search for several words of one length: the byte under the words' end says how far to move on.
 */

interface Word {
  readonly text: string;
  readonly ignoresCase: boolean;
}

/** The words have to be equally long, and of ASCII; those that ignore case are given in lower case. */
export class HeaderScan {
  private readonly words: readonly Word[];
  private readonly length: number;
  /** By the byte under the end: how far the next place lies at which a word can end. */
  private readonly steps = new Uint8Array(256);
  /** By the byte under the end: 1 if a word ends in it. */
  private readonly endings = new Uint8Array(256);

  constructor(...words: Word[]) {
    this.words = words;
    this.length = words[0]!.text.length;
    this.steps.fill(this.length);
    for (const { text, ignoresCase } of words) {
      this.learn(text);
      if (ignoresCase) this.learn(text.toUpperCase());
    }
  }

  finds(bytes: Uint8Array, start: number, end: number): boolean {
    const { endings, steps } = this;
    const last = this.length - 1;
    for (let at = start + last; at < end; ) {
      const byte = bytes[at]!;
      if (endings[byte] === 1 && this.matches(bytes, at - last)) return true;
      at += steps[byte]!;
    }
    return false;
  }

  private learn(text: string): void {
    const last = this.length - 1;
    for (let at = 0; at < last; at++) {
      const byte = text.charCodeAt(at);
      this.steps[byte] = Math.min(this.steps[byte]!, last - at);
    }
    this.endings[text.charCodeAt(last)] = 1;
  }

  private matches(bytes: Uint8Array, start: number): boolean {
    for (const word of this.words) if (standsAt(word, bytes, start)) return true;
    return false;
  }
}

function standsAt({ text, ignoresCase }: Word, bytes: Uint8Array, start: number): boolean {
  for (let at = text.length - 1; at >= 0; at--) {
    const byte = bytes[start + at]!;
    const folded = ignoresCase && byte >= 65 && byte <= 90 ? byte + 32 : byte;
    if (folded !== text.charCodeAt(at)) return false;
  }
  return true;
}
