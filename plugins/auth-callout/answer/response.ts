/** From an answer to the user it lets in, or to why it does not count. In the order in which a NATS server finds fault. */
import { type Identity, isSigned, publicKeyOf, quotedText } from '../../../kernel/plugin-api.ts';
import type { AuthorizationResponseClaims } from '../../../protocols/jwt/authorization-claims.ts';
import type { Claims } from '../../../protocols/jwt/claims.ts';
import { decodeToken, signatureFailure, type Token } from '../../../protocols/jwt/token.ts';
import type { UserClaims } from '../../../protocols/jwt/user-claims.ts';
import { onAccount } from '../account-text.ts';
import type { Delegation, Failure } from '../delegation.ts';
import type { OpenedAnswer } from '../request/envelope.ts';
import { userIssue } from '../user/user-issue.ts';
import { responseIssue } from './response-issue.ts';

const ERROR_LETTERS_MAX = 500;

/** Whom the answer has to be about, and who asked. */
export interface Expected {
  readonly userKey: string;
  readonly serverId: string;
}

export async function checkResponse(
  answer: OpenedAnswer,
  delegation: Delegation,
  expected: Expected,
  now: number,
): Promise<Identity | Failure> {
  const response = await genuine(answer.text, 'authorization_response', 'Not an authorization request claim');
  if ('failure' in response) return response;
  const failure = responseFailure(response.claims, expected, now);
  if (failure !== null) return { failure };
  if (!answer.isSealed && !(await delegation.mayAnswer(response.claims.issuer))) {
    return { failure: 'Auth callout signing key is unknown' };
  }
  const { error, userToken } = response.claims;
  if (error !== '') return { failure: `Auth callout service returned an error: ${oneLine(error)}` };
  return checkUser(userToken, delegation, expected, now);
}

function responseFailure(claims: AuthorizationResponseClaims, expected: Expected, now: number): string | null {
  const issue = responseIssue(claims, now);
  if (issue !== null) return `Authorization response had validation errors: ${issue}`;
  const violation = 'Auth callout violation: auth callout response is not for';
  if (claims.subject !== expected.userKey) return `${violation} expected user`;
  return claims.audience === expected.serverId ? null : `${violation} server`;
}

async function checkUser(
  text: string,
  delegation: Delegation,
  { userKey }: Expected,
  now: number,
): Promise<Identity | Failure> {
  const user = await genuine(text, 'user', 'Not user claim');
  if ('failure' in user) return user;
  const issue = userIssue(user.claims, now);
  if (issue !== null) return { failure: `Error validating user JWT: ${issue}` };
  const { subject } = user.claims;
  if (subject === userKey) return delegation.identify(user, text);
  const [wanted, got] = [userKey, subject].map(quotedText);
  return { failure: `Expected authorized user of ${wanted} but got ${got} ${onAccount(delegation.account.name)}` };
}

type Wanted = { authorization_response: AuthorizationResponseClaims; user: UserClaims };

/** A token of that type whose signature is right. */
async function genuine<Type extends keyof Wanted>(
  text: string,
  type: Type,
  otherwise: string,
): Promise<Token<Wanted[Type]> | Failure> {
  const token = decodeToken(text);
  if ('failure' in token) return { failure: capitalized(token.failure) };
  if (token.claims.type !== type) return { failure: otherwise };
  return (await isGenuine(token)) ? (token as Token<Wanted[Type]>) : { failure: capitalized(signatureFailure(token)) };
}

async function isGenuine({ claims, signedText, signature }: Token<Claims>): Promise<boolean> {
  const key = publicKeyOf(claims.issuer);
  return key !== null && (await isSigned(signedText, key, signature));
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** What strangers write must not forge lines of the log, nor fill it. */
function oneLine(text: string): string {
  return quotedText(text.slice(0, ERROR_LETTERS_MAX)).slice(1, -1);
}
