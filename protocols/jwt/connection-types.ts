/** How a client came in, by the names that users are restricted with: in configurations and in tokens. */
export const CONNECTION_TYPES = [
  'STANDARD',
  'WEBSOCKET',
  'LEAFNODE',
  'LEAFNODE_WS',
  'MQTT',
  'MQTT_WS',
  'IN_PROCESS',
] as const;

export type ConnectionType = (typeof CONNECTION_TYPES)[number];

export function isConnectionType(name: string): name is ConnectionType {
  return (CONNECTION_TYPES as readonly string[]).includes(name);
}

/** What a token allows. Words that are no type count for nothing; nobody comes in where there are only such. */
export function admitsConnectionType(allowed: readonly string[], type: ConnectionType): boolean {
  return allowed.length === 0 || allowed.some((one) => one.toUpperCase() === type);
}
