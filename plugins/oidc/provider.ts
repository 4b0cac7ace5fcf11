/** Judges the tokens of one identity provider. */
import type { JWTVerifyResult } from 'jose';
import {
  type Clock,
  type CloseReason,
  type Identity,
  type Refusal,
  refuse,
  type Timer,
} from '../../kernel/plugin-api.ts';
import type { LoginAttempt, Verdict } from '../auth/contract.ts';
import { ClaimReader, entranceRefused } from './claims/grant.ts';
import { Unmapped } from './claims/permission-template.ts';
import type { ProviderOptions } from './config/provider-options.ts';
import type { Figures } from './figures.ts';
import { type KeySource, NoKeys } from './keys/key-source.ts';
import type { Gate } from './token/gate.ts';
import { checkTheRest, joseOptions, RefusedToken, wordsOf } from './token/refused-token.ts';
import type { TokenHead } from './token/token-head.ts';

export type Jose = typeof import('jose');

export interface ProviderWorld {
  readonly jose: Jose;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly figures: Figures;
}

const SHOWN_CHARACTERS_MAX = 100;

export class Provider {
  readonly options: ProviderOptions;
  readonly keys: KeySource;
  private readonly world: ProviderWorld;

  constructor(options: ProviderOptions, keys: KeySource, world: ProviderWorld) {
    this.options = options;
    this.keys = keys;
    this.world = world;
  }

  /** Without a patience it waits for keys as long as it takes to ask for them. */
  async judge(attempt: LoginAttempt, token: string, head: TokenHead, patienceMs: number | null): Promise<Verdict> {
    try {
      const verified = this.verify(token, head);
      return this.admit(attempt, await (patienceMs === null ? verified : this.within(patienceMs, verified)), head);
    } catch (error) {
      return refused(head, reasonOf(error));
    }
  }

  /** Keys that come too late are there for the next. */
  private async within(patienceMs: number, verified: Promise<JWTVerifyResult>): Promise<JWTVerifyResult> {
    const { clock, figures } = this.world;
    let timer: Timer | null = null;
    const late = new Promise<never>((_, reject) => {
      timer = clock.after(patienceMs, () => {
        figures.counts.late_logins++;
        reject(new RefusedToken('it was not checked within the time for logins'));
      });
    });
    try {
      return await Promise.race([verified, late]);
    } finally {
      timer!.cancel();
    }
  }

  private async verify(token: string, { algorithm, kid }: TokenHead): Promise<JWTVerifyResult> {
    const { jose, gate } = this.world;
    if (!this.options.algorithms.includes(algorithm)) throw new RefusedToken('its algorithm is not among "algorithms"');
    const key = await this.keys.keyFor({ alg: algorithm, ...(kid === '' ? {} : { kid }) });
    const now = this.world.clock.now();
    const options = joseOptions(this.options, now);
    const result = await gate.pass(() => jose.jwtVerify(token, key, options));
    checkTheRest(result.protectedHeader.typ, result.payload, this.options, now);
    return result;
  }

  private admit(attempt: LoginAttempt, { payload }: JWTVerifyResult, head: TokenHead): Verdict {
    const { issuer, rules, userClaim, spaceSeparated, clockSkewMs } = this.options;
    const claims = new ClaimReader(payload, spaceSeparated);
    const grant = claims.grantOf(rules);
    const inTheWay = entranceRefused(grant, attempt);
    if (inTheWay !== null) return refused(head, inTheWay.reason, inTheWay.closeReason);
    const { proxyKey } = attempt;
    const details = Object.freeze({ issuer_key: issuer, ...(proxyKey === '' ? {} : { proxyKey }) });
    const identity: Identity = {
      account: claims.accountOf(grant.account),
      user: claims.userAt(userClaim),
      permissions: claims.permissionsOf(grant),
      maxSubscriptions: grant.subscriptionsMax,
      maxPayload: grant.payloadMax,
      // As long as it would be let in again.
      expiresAt: payload.exp! * 1000 + clockSkewMs,
      details,
    };
    return identity;
  }
}

function reasonOf(error: unknown): string {
  const isOurs = error instanceof RefusedToken || error instanceof Unmapped || error instanceof NoKeys;
  return isOurs ? error.message : wordsOf(error as Error);
}

/** Says whose token it was, with nothing that could be used, or forge a line of the log. */
export function refused(
  { issuer, kid, algorithm }: TokenHead,
  reason: string,
  closeReason: CloseReason | null = null,
): Refusal {
  const about = [...(kid === '' ? [] : [`kid ${shown(kid)}`]), `alg ${shown(algorithm)}`].join(', ');
  return refuse(`OIDC token of ${shown(issuer)} (${about}): ${reason}`, null, closeReason);
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}...` : text);
}
