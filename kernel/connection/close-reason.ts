/** Why a connection ended: what the log, the monitor and the events show. Texts as tools know them. */
export const CloseReason = {
  clientClosed: 'Client Closed',
  authenticationTimeout: 'Authentication Timeout',
  authenticationFailure: 'Authentication Failure',
  tlsHandshake: 'TLS Handshake Failure',
  slowConsumerPending: 'Slow Consumer (Pending Bytes)',
  slowConsumerDeadline: 'Slow Consumer (Write Deadline)',
  /** Ours: the memory all connections share for what waits to be sent ran out. */
  slowConsumerBudget: 'Slow Consumer (Outbound Budget)',
  writeError: 'Write Error',
  readError: 'Read Error',
  parseError: 'Parse Error',
  stale: 'Stale Connection',
  protocolViolation: 'Protocol Violation',
  badProtocolVersion: 'Bad Client Protocol Version',
  incorrectPort: 'Incorrect Port',
  maxConnections: 'Maximum Connections Exceeded',
  maxAccountConnections: 'Maximum Account Connections Exceeded',
  maxPayload: 'Maximum Message Payload Exceeded',
  maxControlLine: 'Maximum Control Line Exceeded',
  maxSubscriptions: 'Maximum Subscriptions Exceeded',
  duplicateRoute: 'Duplicate Route',
  routeRemoved: 'Route Removed',
  serverShutdown: 'Server Shutdown',
  authenticationExpired: 'Authentication Expired',
  missingAccount: 'Missing Account',
  credentialsRevoked: 'Credentials Revoked',
  internalClient: 'Internal Client',
  headerViolation: 'Message Header Violation',
  noRespondersNeedsHeaders: 'No Responders Requires Headers',
  clusterNameConflict: 'Cluster Name Conflict',
  duplicateClientId: 'Duplicate Client ID',
  duplicateServerName: 'Duplicate Server Name',
  minimumVersion: 'Minimum Version Required',
  clusterNamesIdentical: 'Cluster Names Identical',
  kicked: 'Kicked',
  proxyNotTrusted: 'Proxy Not Trusted',
  proxyRequired: 'Proxy Required',
} as const;

/** A kind of connection that a plugin adds may bring reasons of its own. */
export type CloseReason = (typeof CloseReason)[keyof typeof CloseReason] | (string & {});

/** What was still to be sent is dropped for these; for all others it is flushed first. */
const DROPS_OUTPUT = new Set<CloseReason>([
  CloseReason.readError,
  CloseReason.writeError,
  CloseReason.slowConsumerPending,
  CloseReason.slowConsumerDeadline,
  CloseReason.slowConsumerBudget,
  CloseReason.tlsHandshake,
]);

export function dropsOutput(reason: CloseReason): boolean {
  return DROPS_OUTPUT.has(reason);
}
