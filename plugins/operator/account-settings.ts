/** What the broker itself goes by of an account's claims: limits, mappings, where foreign traces are reported. */

import type { Random } from '../../kernel/plugin-api.ts';
import {
  type AccountMappings,
  compileMappings,
  type HookTypes,
  isValidLiteral,
  type MappingRule,
  subjectFromText,
} from '../../kernel/plugin-api.ts';
import type { AccountClaims, MappingClaims } from '../../protocols/jwt/account-claims.ts';

type Settings = HookTypes['accountSource'];

const WHOLE = 100;

/** Negative is no limit, and what a token leaves out is 0. */
export function settingsOf({ limits, mappings, trace }: AccountClaims, random: Random): Settings {
  return {
    limits: {
      maxConnections: limits.connections,
      maxLinks: limits.leafNodes,
      maxSubscriptions: limits.subscriptions,
      maxPayload: limits.payload,
    },
    mappings: mappingsOf(mappings, random),
    trace: traceOf(trace),
  };
}

/** A mapping that cannot be is left out, as the rest of the account is none the worse. */
function mappingsOf(mappings: ReadonlyMap<string, readonly MappingClaims[]>, random: Random): AccountMappings | null {
  const rules = [...mappings].map(
    ([source, destinations]): MappingRule => ({
      source: subjectFromText(source),
      destinations: destinations.map(({ subject, weight, cluster }) => ({
        subject: subjectFromText(subject),
        weight: weight === 0 ? WHOLE : weight,
        ...(cluster === '' ? {} : { cluster }),
      })),
    }),
  );
  return rules.length === 0 ? null : compileMappings(rules, { random }).mappings;
}

function traceOf(trace: AccountClaims['trace']): Settings['trace'] {
  if (trace === null || !isValidLiteral(subjectFromText(trace.destination))) return null;
  const isShare = trace.sampling > 0 && trace.sampling <= WHOLE;
  return { subject: trace.destination, samplingPercent: isShare ? trace.sampling : WHOLE };
}
