/** Who asks, as advisories tell it. */
import { type Broker, clientBehind, clientInfo, connectionFacts, wireJson } from '../../../kernel/plugin-api.ts';
import { fieldOf } from '../../../protocols/jetstream/message-header.ts';
import type { ApiCall } from './api-call.ts';

const REQUEST_INFO = 'Nats-Request-Info';

/** As JSON. Whoever asks from another account brings it along. */
export function callerOf({ origin, header, of }: ApiCall): string {
  const brought = broughtWith(header);
  return brought ?? wireJson(infoOf(origin, of.account.name, of.of.broker));
}

function broughtWith(header: Uint8Array): string | null {
  const text = fieldOf(header, REQUEST_INFO);
  if (text === null) return null;
  try {
    return wireJson(JSON.parse(text) as object);
  } catch {
    return null;
  }
}

function infoOf(origin: object | null, account: string, { name: server }: Broker): object {
  const client = clientBehind(origin);
  if (client === null) return { acc: account, server };
  const parts = { account, server, tellsRoundTrip: true, tellsAccountTitle: false };
  return clientInfo(connectionFacts(client), parts);
}
