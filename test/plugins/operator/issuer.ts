/** Operators, accounts and users with keys made from one repeated byte, and tokens as the official library writes them. */
import { Buffer } from 'node:buffer';
import {
  type Account,
  type EncodingOptions,
  encodeAccount,
  encodeOperator,
  encodeUser,
  type Operator,
  type User,
} from '@nats-io/jwt';
import { fromSeed } from '@nats-io/nkeys';
import { textToSign, withSignature } from '../../../protocols/jwt/token.ts';
import { encodeSeed, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';

export type Pair = ReturnType<typeof fromSeed>;
type Times = Partial<EncodingOptions>;

export function pairOf(kind: keyof typeof NkeyKind, seedByte: number): Pair {
  return fromSeed(Buffer.from(encodeSeed(NkeyKind[kind], Buffer.alloc(32, seedByte))));
}

export const OPERATOR = pairOf('operator', 1);
export const OPERATOR_SIGNER = pairOf('operator', 2);
export const SYSTEM = pairOf('account', 3);
export const ACME = pairOf('account', 4);
export const ACME_SIGNER = pairOf('account', 5);
export const BOB = pairOf('user', 6);

export const UNLIMITED = { subs: -1, conn: -1, data: -1, payload: -1, imports: -1, exports: -1, leaf: -1 };

export function operatorToken(operator: Partial<Operator> & Record<string, unknown> = {}): Promise<string> {
  return encodeOperator('O', OPERATOR, { system_account: SYSTEM.getPublicKey(), ...operator });
}

/** Signed by the operator unless told otherwise. */
export function accountToken(
  pair: Pair,
  account: Partial<Account> = {},
  { name = 'Acme', ...times }: Times & { name?: string } = {},
): Promise<string> {
  const limits = { ...UNLIMITED, wildcards: true, ...account.limits };
  return encodeAccount(name, pair, { ...account, limits } as Partial<Account>, { signer: OPERATOR, ...times });
}

export function userToken(user: Partial<User> = {}, times: Times = {}, pair = BOB, issuer = ACME): Promise<string> {
  return encodeUser('bob', pair, issuer, user, times);
}

/** A token whose claims no library would write. */
export function signedToken(payload: object, signer: Pair): string {
  const text = textToSign(payload);
  return withSignature(text, signer.sign(Buffer.from(text)));
}

/** The claims of a token. */
export function payloadOf(token: string): Record<string, unknown> & { nats: Record<string, unknown> } {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
}
