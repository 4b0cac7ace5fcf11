/**
 * How a client is introduced in log lines: what it runs, and as whom it logged in, as far as both are known. It chose most of
 * these words itself: they are escaped, so that it cannot write lines of its own into the log.
 */
import { quotedText } from '../../protocols/client/quoted.ts';
import type { ClientConnection } from './client-connection.ts';
import type { ClientOptions } from './client-options.ts';

export function introduction({ options, account, identity }: ClientConnection): string {
  const { version, lang, name } = options;
  const program = [version === '' ? '' : `v${version}`, lang, name].filter((part) => part !== '').join(':');
  const person = personIn(options, identity?.user ?? '');
  const place = account.title === '' ? account.name : `${account.name}/${account.title}`;
  const parts = [program, person === '' ? '' : `${place}/${person}`];
  return parts.map((part) => (part === '' ? '' : ` - ${quotedText(part)}`)).join('');
}

/** Who it turned out to be counts more than who it said it was. Nothing secret: of a token only that there is one. */
function personIn({ jwt, nkey, user, auth_token: token }: Readonly<ClientOptions>, known: string): string {
  if (nkey !== '' && (known === '' || known === nkey)) return `nkey:${nkey}`;
  if (jwt !== '' && user === '' && known !== '') return `jwt:${known}`;
  if (known !== '' || user !== '') return `user:${known || user}`;
  return token === '' ? '' : 'token';
}
