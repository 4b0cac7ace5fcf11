/** What somebody gets, as it is written: beside the issuer for everybody, or in a rule for those it fits. */
import {
  asBoolean,
  asInteger,
  asMap,
  asString,
  type ConfigNode,
  defineSchema,
  type FieldUse,
  fields,
  type OptionsOf,
  type Problems,
  printed,
  quotedText,
  readPermissions,
  wasGiven,
} from '../../../kernel/plugin-api.ts';
import { CONNECTION_TYPES, type ConnectionType, isConnectionType } from '../../../protocols/jwt/connection-types.ts';
import { type ClaimPath, parseClaimPath } from '../claims/claim-path.ts';
import type { AccountChoice, Condition, Grant, Rule } from '../claims/grant.ts';
import { PermissionTemplate } from '../claims/permission-template.ts';

export const grantFields = {
  account: fields.string('account', { default: '', live: 'yes', doc: 'The account.' }),
  accountClaim: fields.custom<'account_claim', ClaimPath | null>('account_claim', 'claim', readClaim, {
    default: null,
    live: 'yes',
    doc: 'The claim that names the account.',
  }),
  accounts: fields.custom<'accounts', ReadonlyMap<string, string> | null>('accounts', 'array or map', readAccounts, {
    default: null,
    live: 'yes',
    doc: 'What `account_claim` may say: names of accounts, or a map from what it says to names of accounts.',
  }),
  permissions: fields.custom<'permissions', PermissionTemplate | null>('permissions', 'permissions', readTemplate, {
    default: null,
    aliases: ['permission'],
    live: 'yes',
    doc: 'As those of a user; {{claim(sub)}} stands for what the token says.',
  }),
  connectionTypes: fields.custom('connection_types', 'array of names', readConnectionTypes, {
    default: [] as readonly ConnectionType[],
    aliases: ['allowed_connection_types'],
    live: 'yes',
    doc: 'How clients may come in.',
  }),
  subscriptionsMax: fields.integer('max_subscriptions', {
    default: -1,
    aliases: ['max_subs'],
    live: 'yes',
    doc: 'How many subscriptions a connection may have.',
  }),
  payloadMax: fields.size('max_payload', { default: -1, live: 'yes', doc: 'How long its messages may be.' }),
  isProxyRequired: fields.boolean('proxy_required', {
    default: false,
    live: 'yes',
    doc: 'Clients must come through a trusted proxy.',
  }),
};

const ruleSchema = defineSchema({
  ...grantFields,
  conditions: fields.custom('when', 'map of claims', readConditions, {
    default: [] as readonly Condition[],
    live: 'yes',
    doc: 'Claims, and what one of their values has to be.',
  }),
});

type GrantOptions = OptionsOf<typeof grantFields>;

/** Null, with the problem recorded, for whom nobody says which account. What a rule leaves out is as beside it. */
export function readRule(node: ConfigNode, around: GrantOptions, problems: Problems): Rule | null {
  const options = ruleSchema.read(node, problems);
  const grant = grantOf(options, around, node, problems);
  return grant === null ? null : { conditions: options.conditions, grant };
}

export function grantOf(
  options: GrantOptions,
  around: GrantOptions,
  place: ConfigNode,
  problems: Problems,
): Grant | null {
  const saysAccount = wasGiven(options, 'account') || wasGiven(options, 'accountClaim');
  const account = accountChoice(saysAccount ? options : around, place, problems);
  if (account === null) return null;
  const chosen = <Name extends keyof GrantOptions>(name: Name): GrantOptions[Name] =>
    (wasGiven(options, name) ? options : around)[name];
  return Object.freeze({
    account,
    permissions: chosen('permissions'),
    connectionTypes: chosen('connectionTypes'),
    subscriptionsMax: chosen('subscriptionsMax'),
    payloadMax: chosen('payloadMax'),
    isProxyRequired: chosen('isProxyRequired'),
  });
}

/** Whoever issues tokens must not choose among all accounts, the system account among them. */
function accountChoice(options: GrantOptions, place: ConfigNode, problems: Problems): AccountChoice | null {
  const { account, accountClaim, accounts } = options;
  if (accountClaim === null) {
    if (account === '') problems.error(place, 'nothing says which account: add "account", or "account_claim"');
    return account === '' ? null : { fixed: account };
  }
  if (account !== '') problems.error(place, '"account" and "account_claim" exclude each other');
  if (accounts !== null) return { claim: accountClaim, names: accounts };
  problems.error(place, '"account_claim" needs "accounts", the list of those it may name');
  return null;
}

export function readClaim(node: ConfigNode, { problems }: FieldUse): ClaimPath | undefined {
  const text = asString(node, problems);
  return text === undefined ? undefined : claimIn(text, node, problems);
}

function claimIn(text: string, place: ConfigNode, problems: Problems): ClaimPath | undefined {
  const path = parseClaimPath(text);
  if (path !== null) return path;
  problems.error(place, `${quotedText(text)} is no claim; write name, outer.inner, or "a name with. dots".inner`);
  return undefined;
}

function readAccounts(node: ConfigNode, { problems }: FieldUse): ReadonlyMap<string, string> | undefined {
  if (node.kind === 'array') {
    return new Map(node.value.flatMap((element) => asString(element, problems) ?? []).map((name) => [name, name]));
  }
  const entries = [...(asMap(node, problems)?.value.values() ?? [])];
  return new Map(
    entries.flatMap(({ key, value }) => {
      const name = asString(value, problems);
      return name === undefined ? [] : [[key, name] as const];
    }),
  );
}

function readTemplate(node: ConfigNode, { problems }: FieldUse): PermissionTemplate | undefined {
  const rules = readPermissions(node, problems);
  if (rules === undefined) return undefined;
  try {
    return new PermissionTemplate(rules);
  } catch (error) {
    problems.error(node, (error as Error).message);
    return undefined;
  }
}

function readConnectionTypes(node: ConfigNode, { problems }: FieldUse): readonly ConnectionType[] {
  const elements = node.kind === 'array' ? node.value : [node];
  return Object.freeze(
    elements.flatMap((element) => {
      const name = asString(element, problems)?.toUpperCase();
      if (name === undefined || isConnectionType(name)) return name ?? [];
      problems.error(element, `${quotedText(name)} is no type of connection: ${CONNECTION_TYPES.join(', ')}`);
      return [];
    }),
  );
}

function readConditions(node: ConfigNode, { problems }: FieldUse): readonly Condition[] {
  const entries = [...(asMap(node, problems)?.value.values() ?? [])];
  return Object.freeze(
    entries.flatMap(({ key, value }) => {
      const claim = claimIn(key, value, problems);
      return claim === undefined ? [] : [{ claim, values: wantedValues(value, problems) }];
    }),
  );
}

function wantedValues(node: ConfigNode, problems: Problems): ReadonlySet<string> {
  const values = (node.kind === 'array' ? node.value : [node]).flatMap((element) => wantedValue(element, problems));
  if (values.length === 0) problems.error(node, 'a condition needs a value, or several: no token could meet this one');
  return new Set(values);
}

function wantedValue(node: ConfigNode, problems: Problems): string[] {
  if (node.kind === 'boolean') return [String(asBoolean(node, problems))];
  if (node.kind === 'integer') return [String(asInteger(node, problems))];
  if (node.kind === 'string') return [node.value];
  problems.error(node, `a claim cannot be compared with ${printed(node)}; take a text, a whole number or a boolean`);
  return [];
}
