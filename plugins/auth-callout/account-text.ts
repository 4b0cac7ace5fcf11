/** How an account is named in what the log says of a callout. */
import { quotedText } from '../../kernel/plugin-api.ts';

export function onAccount(name: string): string {
  return `on account ${quotedText(name)}`;
}
