/** One identity provider: whom to believe, which of their tokens, and what those who have one get. */
import {
  type ConfigNode,
  defineSchema,
  type FieldUse,
  fields,
  type OptionsOf,
  type Problems,
  quotedText,
} from '../../../kernel/plugin-api.ts';
import { type ClaimPath, parseClaimPath } from '../claims/claim-path.ts';
import type { Rule } from '../claims/grant.ts';
import { grantFields, grantOf, readClaim, readRule } from './grant-options.ts';
import { checkKeyOptions, type KeyOptions, keySchema } from './key-options.ts';

/** Those with a public key: with a shared secret, whoever checks tokens could make them. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const SKEW_MAX_MS = 300_000;

export interface ProviderOptions {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Empty: any. */
  readonly authorizedParties: readonly string[];
  /** In small letters; empty: any. */
  readonly tokenTypes: readonly string[];
  readonly algorithms: readonly string[];
  readonly clockSkewMs: number;
  /** 0: any. */
  readonly tokenAgeMaxMs: number;
  readonly keys: KeyOptions;
  readonly userClaim: ClaimPath;
  /** Claims whose texts are words with spaces between. */
  readonly spaceSeparated: readonly string[];
  readonly rules: readonly Rule[];
}

export const providerFields = {
  ...grantFields,
  issuer: fields.string('issuer', { default: '', live: 'yes', doc: 'Who signs, to the letter as in "iss".' }),
  audience: fields.stringList('audience', {
    default: [],
    live: 'yes',
    doc: 'Whom tokens are for: one of these in "aud".',
  }),
  authorizedParties: fields.stringList('authorized_parties', {
    default: [],
    live: 'yes',
    doc: 'To whom tokens were given: one of these in "azp".',
  }),
  tokenTypes: fields.stringList('token_types', {
    default: ['jwt', 'at+jwt'],
    live: 'yes',
    clean: (types) => types.map((type) => type.toLowerCase()),
    doc: 'What "typ" may say, where it says something.',
  }),
  algorithms: fields.custom('algorithms', 'array of names', readAlgorithms, {
    default: ['RS256', 'ES256', 'EdDSA'] as readonly string[],
    live: 'yes',
    doc: 'How tokens may be signed.',
  }),
  clockSkewMs: fields.duration('clock_skew', {
    default: 30_000,
    live: 'yes',
    check: (ms) => (ms < 0 || ms > SKEW_MAX_MS ? 'clock_skew has to be from 0s to 5m' : null),
    doc: "How far the provider's clock may be from this one.",
  }),
  tokenAgeMaxMs: fields.duration('max_token_age', {
    default: 0,
    live: 'yes',
    check: (ms) => (ms < 0 ? 'max_token_age cannot be negative' : null),
    doc: 'How old a token may be by its "iat", whatever its "exp" says.',
  }),
  keys: fields.block('jwks', keySchema, { live: 'yes', doc: 'The keys of the provider.' }),
  userClaim: fields.custom<'user_claim', ClaimPath>('user_claim', 'claim', readClaim, {
    default: parseClaimPath('sub')!,
    live: 'yes',
    doc: 'The claim that names the user.',
  }),
  spaceSeparated: fields.stringList('space_separated', {
    default: ['scope', 'scp'],
    live: 'yes',
    doc: 'Claims whose texts are words with spaces between.',
  }),
  rules: fields.custom('rules', 'array of rules', readRuleNodes, {
    default: [] as readonly ConfigNode[],
    live: 'yes',
    doc: 'The first that fits counts; whom none fits is refused.',
  }),
};

const providerSchema = defineSchema(providerFields);

type ProviderFields = OptionsOf<typeof providerFields>;

/** Null, with the problems recorded, where the broker would not know whom to believe. */
export function readProvider(node: ConfigNode, problems: Problems): ProviderOptions | null {
  return providerOf(providerSchema.read(node, problems), node, problems);
}

export function providerOf(options: ProviderFields, place: ConfigNode, problems: Problems): ProviderOptions | null {
  const { issuer, audience, keys } = options;
  if (issuer === '') problems.error(place, 'a provider needs its issuer, to the letter as in the "iss" of its tokens');
  // Without one, tokens made for any other service of the provider would do here.
  if (audience.length === 0) problems.error(place, 'a provider needs an audience: who its tokens are for, as in "aud"');
  if (keys === null) problems.error(place, 'a provider needs jwks, with the url or file of its keys');
  else checkKeyOptions(keys, place, problems);
  const rules = rulesOf(options, place, problems);
  if (keys === null) return null;
  const { authorizedParties, tokenTypes, algorithms, clockSkewMs, tokenAgeMaxMs, userClaim, spaceSeparated } = options;
  return Object.freeze({
    issuer,
    audience,
    authorizedParties,
    tokenTypes,
    algorithms,
    clockSkewMs,
    tokenAgeMaxMs,
    keys,
    userClaim,
    spaceSeparated,
    rules,
  });
}

function rulesOf(options: ProviderFields, place: ConfigNode, problems: Problems): readonly Rule[] {
  if (options.rules.length > 0) return options.rules.flatMap((node) => readRule(node, options, problems) ?? []);
  const grant = grantOf(options, options, place, problems);
  return grant === null ? [] : [{ conditions: [], grant }];
}

function readRuleNodes(node: ConfigNode, { problems }: FieldUse): readonly ConfigNode[] | undefined {
  if (node.kind === 'array' && node.value.length > 0) return node.value;
  problems.error(node, 'rules have to be an array with a rule or more');
  return undefined;
}

function readAlgorithms(node: ConfigNode, { problems }: FieldUse): readonly string[] | undefined {
  const elements = node.kind === 'array' ? node.value : [node];
  const names = elements.map((element) => (element.kind === 'string' ? element.value : ''));
  const unknown = names.find((name) => !ALGORITHMS.includes(name));
  if (unknown === undefined && names.length > 0) return Object.freeze(names);
  problems.error(node, `algorithms has ${quotedText(unknown ?? '')}, which is none of ${ALGORITHMS.join(', ')}`);
  return undefined;
}
