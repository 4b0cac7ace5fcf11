/** Everything a server keeps, as it goes to another: one message for each token, then an empty one. */
import { isAccountKey } from './account-key.ts';

export interface PackedToken {
  readonly accountKey: string;
  readonly token: string;
}

export function packLine(accountKey: string, token: string): string {
  return `${accountKey}|${token}`;
}

/** Null for what is no such line. */
export function readPackLine(line: string): PackedToken | null {
  const bar = line.indexOf('|');
  const accountKey = line.slice(0, Math.max(bar, 0));
  return isAccountKey(accountKey) ? { accountKey, token: line.slice(bar + 1) } : null;
}
