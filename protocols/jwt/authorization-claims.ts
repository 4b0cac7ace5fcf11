/** The question of a server to a service that says who may log in, and the answer. */
import type { StandardClaims } from './claims.ts';
import type { MemberReader } from './member-reader.ts';

export interface AuthorizationRequestClaims extends StandardClaims {
  readonly type: 'authorization_request';
  readonly userKey: string;
  readonly nats: MemberReader;
}

export interface AuthorizationResponseClaims extends StandardClaims {
  readonly type: 'authorization_response';
  /** The token of the user that the client is; empty with an error. */
  readonly userToken: string;
  readonly error: string;
  readonly issuerAccount: string;
}

export function readAuthorizationRequest(standard: StandardClaims, nats: MemberReader): AuthorizationRequestClaims {
  return { ...standard, type: 'authorization_request', userKey: nats.text('user_nkey'), nats };
}

export function readAuthorizationResponse(standard: StandardClaims, nats: MemberReader): AuthorizationResponseClaims {
  return {
    ...standard,
    type: 'authorization_response',
    userToken: nats.text('jwt'),
    error: nats.text('error'),
    issuerAccount: nats.text('issuer_account'),
  };
}
