/** Names of users that were parsed are kept: each login looks at all of them. */
import { type DistinguishedName, parseDistinguishedName } from './distinguished-name.ts';

/** More than anybody configures; beyond it all are forgotten, since reloads have replaced most. */
export const NAMES_MAX = 100_000;

export class ParsedNames {
  private readonly names = new Map<string, DistinguishedName | undefined>();

  get size(): number {
    return this.names.size;
  }

  /** Undefined when the text is no distinguished name. */
  parse(text: string): DistinguishedName | undefined {
    if (this.names.has(text)) return this.names.get(text);
    if (this.names.size >= NAMES_MAX) this.names.clear();
    const name = parseDistinguishedName(text);
    this.names.set(text, name);
    return name;
  }
}
