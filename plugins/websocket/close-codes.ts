/** The code a client is told for why its connection ends. */
import { CloseReason } from '../../kernel/plugin-api.ts';
import { CloseCode } from '../../protocols/websocket/opcodes.ts';

const CODES: ReadonlyMap<string, number> = new Map<string, number>([
  [CloseReason.clientClosed, CloseCode.normal],
  [CloseReason.serverShutdown, CloseCode.goingAway],
  [CloseReason.stale, CloseCode.goingAway],
  [CloseReason.writeError, CloseCode.goingAway],
  [CloseReason.readError, CloseCode.goingAway],
  [CloseReason.parseError, CloseCode.protocolError],
  [CloseReason.protocolViolation, CloseCode.protocolError],
  [CloseReason.badProtocolVersion, CloseCode.protocolError],
  [CloseReason.authenticationTimeout, CloseCode.policy],
  [CloseReason.authenticationFailure, CloseCode.policy],
  [CloseReason.authenticationExpired, CloseCode.policy],
  [CloseReason.credentialsRevoked, CloseCode.policy],
  [CloseReason.missingAccount, CloseCode.policy],
  [CloseReason.maxConnections, CloseCode.policy],
  [CloseReason.maxAccountConnections, CloseCode.policy],
  [CloseReason.maxSubscriptions, CloseCode.policy],
  [CloseReason.maxControlLine, CloseCode.policy],
  [CloseReason.slowConsumerPending, CloseCode.policy],
  [CloseReason.slowConsumerDeadline, CloseCode.policy],
  [CloseReason.slowConsumerBudget, CloseCode.policy],
  [CloseReason.maxPayload, CloseCode.tooBig],
  [CloseReason.tlsHandshake, CloseCode.tlsHandshake],
]);

export function closeCodeFor(reason: string): number {
  return CODES.get(reason) ?? CloseCode.internal;
}
