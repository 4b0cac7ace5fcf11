/** The `client` member of events: the keys in their order, those that say nothing left out. */
import type { Account, ClientConnection } from '../../../kernel/plugin-api.ts';
import { goTime, nanoseconds } from '../go-json.ts';

const REDACTED = '[REDACTED]';

/** `stoppedAt` is null while the client is connected: how far away it is is not told then. */
export function clientInfo(client: ClientConnection, stoppedAt: number | null): object {
  const { options, identity, account, transport } = client;
  const { jwt, issuer_key, name_tag, tags } = identity?.details ?? {};
  return {
    start: goTime(client.startedAt),
    host: unlessEmpty(client.clientIp),
    id: client.id,
    acc: account.name,
    user: unlessEmpty(userOf(client)),
    name: unlessEmpty(options.name),
    lang: unlessEmpty(options.lang),
    ver: unlessEmpty(options.version),
    rtt: stoppedAt === null ? undefined : nanoseconds(client.liveness.rtt) || undefined,
    stop: stoppedAt === null ? undefined : goTime(stoppedAt),
    jwt,
    issuer_key,
    name_tag: name_tag ?? titleOf(account),
    tags,
    kind: 'Client',
    client_type: CLIENT_TYPES[transport.kind] ?? 'nats',
  };
}

const CLIENT_TYPES: Readonly<Record<string, string>> = { websocket: 'websocket', mqtt: 'mqtt' };

/** A token is a secret: it is never shown. */
export function userOf({ identity, options }: ClientConnection): string {
  const known = identity?.user ?? '';
  if (known !== '') return known;
  return options.nkey || options.user || (options.auth_token === '' ? '' : REDACTED);
}

export function titleOf({ title, name }: Account): string {
  return title === '' ? name : title;
}

function unlessEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}
