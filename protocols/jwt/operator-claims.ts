/** An operator: whose word about accounts counts. */
import type { StandardClaims } from './claims.ts';
import type { MemberReader } from './member-reader.ts';

export interface OperatorClaims extends StandardClaims {
  readonly type: 'operator';
  readonly signingKeys: readonly string[];
  readonly accountServerUrl: string;
  readonly serviceUrls: readonly string[];
  readonly systemAccount: string;
  /** `x.y.z` that the server must at least be; empty for none. */
  readonly serverVersionMin: string;
  /** Only signing keys may sign, not the identity keys of operator and accounts. */
  readonly isStrict: boolean;
}

export function readOperator(standard: StandardClaims, nats: MemberReader): OperatorClaims {
  return {
    ...standard,
    type: 'operator',
    signingKeys: nats.texts('signing_keys'),
    accountServerUrl: nats.text('account_server_url'),
    serviceUrls: nats.texts('operator_service_urls'),
    systemAccount: nats.text('system_account'),
    serverVersionMin: nats.text('assert_server_version'),
    isStrict: nats.flag('strict_signing_key_usage'),
  };
}
