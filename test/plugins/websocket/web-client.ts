/** The official client over a WebSocket, as it runs in a browser. Node 20 has none of its own: the package `ws` lends one. */
import { type ConnectionOptions, type NatsConnection, wsconnect } from '@nats-io/nats-core';

type Factory = NonNullable<Parameters<typeof wsconnect>[0]>;

// @ts-expect-error: the package brings no types.
const { WebSocket } = (await import('ws')) as { WebSocket: new (url: string, options: object) => object };

/** `wire` is for the socket: its headers, the authority it trusts. */
export function connectOverWeb(
  url: string,
  options: ConnectionOptions = {},
  wire: object = {},
): Promise<NatsConnection> {
  const wsFactory = async (to: string): Promise<{ socket: never; encrypted: boolean }> => ({
    socket: new WebSocket(to, wire) as never,
    encrypted: to.startsWith('wss:'),
  });
  return wsconnect({ ...options, servers: url, wsFactory } as Factory);
}
