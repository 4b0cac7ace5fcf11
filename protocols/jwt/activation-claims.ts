/** An activation: the exporter's word that an account may import. */
import type { StandardClaims } from './claims.ts';
import type { MemberReader } from './member-reader.ts';

/** A text that is none of the known ones is kept. */
export type SharingKind = 'stream' | 'service' | (string & {});

export interface ActivationClaims extends StandardClaims {
  readonly type: 'activation';
  readonly importSubject: string;
  readonly kind: SharingKind;
  readonly issuerAccount: string;
}

export function readActivation(standard: StandardClaims, nats: MemberReader): ActivationClaims {
  const kindKey = standard.version < 2 && !nats.has('kind') ? 'type' : 'kind';
  return {
    ...standard,
    type: 'activation',
    importSubject: nats.text('subject'),
    kind: nats.text(kindKey),
    issuerAccount: nats.text('issuer_account'),
  };
}
