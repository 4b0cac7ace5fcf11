/** Who asks, as advisories tell it. */
import {
  type Account,
  type Broker,
  type ClientInfo,
  clientBehind,
  clientInfo,
  connectionFacts,
  textFromSubject,
  wireJson,
} from '../../../kernel/plugin-api.ts';
import { fieldOf } from '../../../protocols/jetstream/message-header.ts';
import type { ApiCall } from './api-call.ts';

const REQUEST_INFO = 'Nats-Request-Info';

/** As JSON. What comes from another account brings it along; nobody else is believed. */
export function callerOf({ origin, header, of }: ApiCall): string {
  const { account } = of;
  const isOwn = clientBehind(origin)?.account === account;
  const brought = isOwn ? null : broughtWith(header);
  const { broker } = of.of;
  return wireJson(brought === null ? infoOf(origin, account.name, broker) : throughHere(brought, account, broker));
}

function broughtWith(header: Uint8Array): ClientInfo | null {
  const text = fieldOf(header, REQUEST_INFO);
  if (text === null) return null;
  try {
    return JSON.parse(text) as ClientInfo;
  } catch {
    return null;
  }
}

/** The account whose service it is, and this server, are told with it. */
function throughHere(brought: ClientInfo, { name }: Account, { name: server }: Broker): ClientInfo {
  const { start, host, id, acc, svc: _before, user, name: own, lang, ver, rtt, server: _server, ...others } = brought;
  return { start, host, id, acc, svc: textFromSubject(name), user, name: own, lang, ver, rtt, server, ...others };
}

function infoOf(origin: object | null, account: string, { name: server }: Broker): object {
  const client = clientBehind(origin);
  if (client === null) return { acc: account, server };
  const parts = { account, server, tellsRoundTrip: true, tellsAccountTitle: false };
  return clientInfo(connectionFacts(client), parts);
}
