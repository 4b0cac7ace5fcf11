/** How a connection came in, by the names that users are restricted with. */
import type { Connection } from '../../../kernel/plugin-api.ts';
import type { ConnectionType } from '../../../protocols/jwt/connection-types.ts';

export function connectionTypeOf({ kindName, transport }: Connection): ConnectionType {
  const isWebSocket = transport.kind === 'websocket';
  if (kindName === 'mqtt') return isWebSocket ? 'MQTT_WS' : 'MQTT';
  if (kindName === 'leaf') return isWebSocket ? 'LEAFNODE_WS' : 'LEAFNODE';
  if (isWebSocket) return 'WEBSOCKET';
  return transport.kind === 'memory' ? 'IN_PROCESS' : 'STANDARD';
}
