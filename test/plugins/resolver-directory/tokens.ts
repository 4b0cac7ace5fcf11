/** An operator, and what it signs. */
import { createAccount, createOperator, encodeAccount, type KeyPair } from '@nats-io/jwt';
import { textToSign, withSignature } from '../../../protocols/jwt/token.ts';
import { encodePublicKey, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';

export const FAR_FUTURE = 4_000_000_000;
const UNLIMITED = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };

export interface AccountToken {
  readonly key: string;
  readonly pair: KeyPair;
  readonly token: string;
}

export interface TokenTimes {
  readonly iat?: number;
  readonly exp?: number;
}

export class TestOperator {
  readonly pair = createOperator();
  readonly signing = createOperator();

  get keys(): string[] {
    return [this.pair.getPublicKey(), this.signing.getPublicKey()];
  }

  /** As the official library makes it. */
  async account(name: string, pair = createAccount(), signer: KeyPair = this.pair): Promise<AccountToken> {
    const token = await encodeAccount(name, pair, { limits: UNLIMITED } as object, { signer });
    return { key: pair.getPublicKey(), pair, token };
  }

  /** With times of the caller's choice. */
  timed(name: string, times: TokenTimes, pair = createAccount(), signer: KeyPair = this.pair): AccountToken {
    const key = pair.getPublicKey();
    const claims = { jti: '', iat: 1000, ...times, iss: signer.getPublicKey(), sub: key, name, aud: '' };
    const nats = { limits: UNLIMITED, type: 'account', version: 2 };
    return { key, pair, token: signed({ ...claims, nats }, signer) };
  }

  deletion(accounts: unknown, signer: KeyPair = this.pair, sub = signer.getPublicKey()): string {
    const claims = { jti: '', iat: 1000, iss: signer.getPublicKey(), sub, name: 'delete', aud: '' };
    return signed({ ...claims, nats: { accounts, type: 'generic', version: 2 } }, signer);
  }
}

export function timedTokens(operator: TestOperator, count: number): AccountToken[] {
  return Array.from({ length: count }, (_, at) => operator.timed(`account ${at}`, { iat: 1000 + at }));
}

/** The key of an account nobody has the secret of. */
export function madeUpKey(number: number): string {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32BE(number);
  return encodePublicKey(NkeyKind.account, bytes);
}

/** The official library would put in the time of day. */
function signed(payload: object, signer: KeyPair): string {
  const text = textToSign(payload);
  return withSignature(text, signer.sign(Buffer.from(text)));
}
