/** The block `oidc`: one provider, or several under `providers`. */
import {
  asArray,
  type ConfigNode,
  defineSchema,
  type FieldUse,
  fields,
  type Problems,
  quotedText,
  wasGiven,
} from '../../kernel/plugin-api.ts';
import { type ProviderOptions, providerFields, providerOf, readProvider } from './config/provider-options.ts';
import { TOKEN_FIELDS, type TokenField } from './token/token-head.ts';

export interface OidcConfig {
  readonly providers: readonly ProviderOptions[];
  /** Where a token may stand in CONNECT, in the order in which they are looked at. */
  readonly tokenFields: readonly TokenField[];
  readonly tokenBytesMax: number;
  /** Logins that are being checked. */
  readonly loginsMax: number;
}

const blockSchema = defineSchema({
  ...providerFields,
  providers: fields.custom<'providers', readonly ConfigNode[] | null>('providers', 'array of providers', readNodes, {
    default: null,
    live: 'yes',
    doc: 'Several providers, each with the keys of one.',
  }),
  tokenFields: fields.custom('token_from', 'array of names', readTokenFields, {
    default: TOKEN_FIELDS as readonly TokenField[],
    live: 'yes',
    doc: 'Where in CONNECT a token may stand; the first that has one counts.',
  }),
  tokenBytesMax: fields.size('max_token_size', {
    default: 16_384,
    minimum: 1,
    maximum: 1_048_576,
    live: 'yes',
    doc: 'How long a token may be.',
  }),
  loginsMax: fields.integer('max_pending_logins', {
    default: 1000,
    minimum: 1,
    live: 'yes',
    doc: 'How many logins may be under way; more are refused.',
  }),
});

export const oidcSchema = {
  read(node: unknown, problems: Problems): OidcConfig {
    const block = node as ConfigNode | undefined;
    const options = blockSchema.read(block, problems);
    const { tokenFields, tokenBytesMax, loginsMax } = options;
    const providers = block === undefined ? [] : readProviders(options, block, problems);
    return Object.freeze({ providers: Object.freeze(providers), tokenFields, tokenBytesMax, loginsMax });
  },
};

type BlockOptions = ReturnType<typeof blockSchema.read>;

function readProviders(options: BlockOptions, block: ConfigNode, problems: Problems): ProviderOptions[] {
  if (options.providers === null) return onlyOne(providerOf(options, block, problems));
  const stray = Object.entries(providerFields).find(([name]) => wasGiven(options, name));
  if (stray !== undefined) {
    problems.error(block, `${quotedText(stray[1].key)} belongs into a provider where there is a list of providers`);
  }
  const seen = new Set<string>();
  return options.providers.flatMap((node) => {
    const provider = readProvider(node, problems);
    if (provider !== null && seen.has(provider.issuer)) {
      problems.error(node, `there is another provider with the issuer ${quotedText(provider.issuer)}`);
    }
    if (provider !== null) seen.add(provider.issuer);
    return onlyOne(provider);
  });
}

function onlyOne(provider: ProviderOptions | null): ProviderOptions[] {
  return provider === null ? [] : [provider];
}

function readNodes(node: ConfigNode, { problems }: FieldUse): readonly ConfigNode[] | undefined {
  const array = asArray(node, problems);
  // An empty list would let in everybody where nobody else is asked to log in.
  if (array?.value.length === 0) problems.error(node, 'providers needs one or more; to have none, remove the block');
  return array?.value;
}

function readTokenFields(node: ConfigNode, { problems }: FieldUse): readonly TokenField[] | undefined {
  const elements = node.kind === 'array' ? node.value : [node];
  const names = elements.map((element) => (element.kind === 'string' ? element.value : ''));
  const known = names.flatMap((name) => TOKEN_FIELDS.find((field) => field === name) ?? []);
  if (known.length === names.length && known.length > 0) return Object.freeze(known);
  problems.error(node, `token_from takes one or more of ${TOKEN_FIELDS.join(', ')}`);
  return undefined;
}
