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

  constructor(...words: Word[]) {
    this.words = words;
    this.length = words[0]!.text.length;
    this.steps.fill(this.length);
    for (const { text, ignoresCase } of words) {
      for (let at = 0; at < this.length - 1; at++) {
        this.shorten(text.charCodeAt(at), at);
        if (ignoresCase) this.shorten(text.toUpperCase().charCodeAt(at), at);
      }
    }
  }

  finds(bytes: Uint8Array, start: number, end: number): boolean {
    const last = this.length - 1;
    for (let at = start + last; at < end; at += this.steps[bytes[at]!]!) {
      for (let word = 0; word < this.words.length; word++) {
        if (standsAt(this.words[word]!, bytes, at - last)) return true;
      }
    }
    return false;
  }

  private shorten(byte: number, at: number): void {
    this.steps[byte] = Math.min(this.steps[byte]!, this.length - 1 - at);
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
