/** What does not go together with operators, in the order in which a NATS server looks, and in its words. */
import { type ConfigNode, type ConfigSources, NATS_VERSION, wasGiven } from '../../../kernel/plugin-api.ts';
import { decodeTokenOf } from '../../../protocols/jwt/token.ts';
import { decodePublicKey, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';
import type { Given } from '../config.ts';

/** Resolvers that find accounts without asking other servers. */
const STANDS_ALONE: ReadonlySet<string> = new Set(['memory', 'url']);

/** The first thing that is wrong, or null. */
export function conflictIn(given: Given, sources: ConfigSources): string | null {
  if (given.operators.length === 0) {
    return given.defaultSentinel === '' ? null : 'default sentinel requires operators and accounts';
  }
  return (
    sentinelConflict(given) ??
    directConflict(given, sources) ??
    systemConflict(given, sources) ??
    versionConflict(given) ??
    keyConflict(given) ??
    preloadConflict(given) ??
    loginConflict(sources)
  );
}

/** The account that the operators or the configuration name; null: the usual one. */
export function systemAccountOf({ operators }: Pick<Given, 'operators'>, sources: ConfigSources): string | null {
  const configured = configuredSystem(sources);
  if (configured !== null) return configured;
  const [only, ...others] = operators;
  return others.length === 0 && only !== undefined ? only.claims.systemAccount || null : null;
}

function configuredSystem({ core }: ConfigSources): string | null {
  return core !== undefined && wasGiven(core, 'systemAccount') ? core.systemAccount : null;
}

function sentinelConflict({ defaultSentinel }: Given): string | null {
  if (defaultSentinel === '') return null;
  const decoded = decodeTokenOf('user', defaultSentinel);
  if ('failure' in decoded) return 'default sentinel JWT not valid';
  return decoded.claims.isBearer ? null : 'default sentinel must be a bearer token';
}

function directConflict({ resolver, listedKeys }: Given, { core, accounts, elsewhere }: ConfigSources): string | null {
  if (resolver === null) return 'operators require an account resolver to be configured';
  if (accounts.size > 0 || (core?.mappings.length ?? 0) > 0) {
    return 'operators do not allow Accounts to be configured directly';
  }
  const users = memberOf(elsewhere?.('authorization'), ['users']);
  if (users?.kind === 'array' && users.value.length > 0) {
    return 'operators do not allow users to be configured directly';
  }
  return listedKeys.length > 0 ? "conflicting options for 'TrustedKeys' and 'TrustedOperators'" : null;
}

function systemConflict({ operators, resolver }: Given, sources: ConfigSources): string | null {
  const configured = configuredSystem(sources);
  const named = operators.map(({ claims }) => claims.systemAccount).filter((account) => account !== '');
  if (configured !== null && named.length > 0 && !named.includes(configured)) {
    return 'system_account in config and operator JWT must be identical';
  }
  if (systemAccountOf({ operators }, sources) === null && !STANDS_ALONE.has(resolver!.type)) {
    const advice = 'the system account needs to be specified in configuration or the operator jwt';
    return `using nats based account resolver - ${advice}`;
  }
  return null;
}

const VERSION_FORM = 'asserted server version must be of the form <major>.<minor>.<update>';
const VERSION_PARTS = ['major', 'minor', 'update'] as const;

function versionConflict({ operators }: Given): string | null {
  const ours = NATS_VERSION.split('.').map(Number);
  for (const { claims } of operators) {
    const { subject, serverVersionMin } = claims;
    if (serverVersionMin === '') continue;
    const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(serverVersionMin);
    if (match === null) {
      return `operator ${subject} expects version ${serverVersionMin} got error instead: ${VERSION_FORM}`;
    }
    const wanted = match.slice(1).map(Number);
    const at = wanted.findIndex((part, index) => part !== ours[index]);
    if (at >= 0 && wanted[at]! > ours[at]!) {
      const part = VERSION_PARTS[at]!;
      return `operator ${subject} expected ${part} version ${wanted[at]} > server ${part} version ${ours[at]}`;
    }
  }
  return null;
}

function keyConflict({ operators, pinned }: Given): string | null {
  for (const key of operators.flatMap(({ claims }) => [claims.subject, ...claims.signingKeys])) {
    if (decodePublicKey(key)?.kind !== NkeyKind.operator) {
      return `trusted Keys ${JSON.stringify(key)} are required to be a valid public operator nkey`;
    }
  }
  for (const key of pinned ?? []) {
    if (decodePublicKey(key)?.kind !== NkeyKind.account) {
      return `pinned account key ${JSON.stringify(key)} is not a valid public account nkey`;
    }
  }
  return null;
}

function preloadConflict({ resolver }: Given): string | null {
  if (resolver!.type !== 'url' || resolver!.preloads.size === 0) return null;
  return 'resolver preloads only available for writeable resolver types MEM/DIR/CACHE_DIR';
}

function loginConflict({ elsewhere }: ConfigSources): string | null {
  if (memberOf(elsewhere?.('authorization'), ['auth_callout', 'auth_hook']) !== undefined) {
    return 'operators do not allow authorization callouts to be configured directly';
  }
  return elsewhere?.('no_auth_user') === undefined ? null : 'no_auth_user not compatible with Trusted Operator';
}

function memberOf(block: unknown, keys: readonly string[]): ConfigNode | undefined {
  const node = block as ConfigNode | undefined;
  if (node?.kind !== 'map') return undefined;
  return [...node.value.values()].find(({ key }) => keys.includes(key.toLowerCase()))?.value;
}
