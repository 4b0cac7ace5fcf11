/** Whether every capability that is needed is offered, once where only one can be, and by the rules both sides expect. */
import { suggestion } from '../hooks/nearest-name.ts';
import { PluginError } from '../hooks/plugin-error.ts';
import type { CapabilityNeed, CapabilityOffer, PluginDefinition } from './plugin-definition.ts';

export interface OfferedBy {
  readonly plugin: string;
  readonly offer: CapabilityOffer;
}

/** Which plugins that are not running would provide a capability: what an error advises to add. */
export type KnownProviders = ReadonlyMap<string, readonly string[]>;

export function* checkCapabilities(plugins: readonly PluginDefinition[], known: KnownProviders): Iterable<PluginError> {
  const offers = collectOffers(plugins);
  for (const [name, providers] of offers) yield* checkProviders(name, providers);
  for (const plugin of plugins) {
    for (const need of plugin.requires ?? []) yield* checkNeed(plugin.name, need, offers, known);
  }
}

export function collectOffers(plugins: readonly PluginDefinition[]): Map<string, OfferedBy[]> {
  const offers = new Map<string, OfferedBy[]>();
  for (const plugin of plugins) {
    for (const offer of plugin.provides ?? []) {
      offers.set(offer.name, [...(offers.get(offer.name) ?? []), { plugin: plugin.name, offer }]);
    }
  }
  return offers;
}

function* checkProviders(name: string, providers: readonly OfferedBy[]): Iterable<PluginError> {
  const [first, ...others] = providers;
  for (const other of others) {
    if (other.offer.cardinality !== first!.offer.cardinality) {
      yield cardinalityError(name, first!.plugin, first!.offer.cardinality, other.plugin, other.offer.cardinality);
    }
  }
  for (const rivals of rivalProviders(providers)) {
    const [{ plugin, offer }] = rivals as [OfferedBy];
    yield new PluginError(
      'CAPABILITY_AMBIGUOUS',
      `the capability "${name}"${offer.id === undefined ? '' : ` with the id "${offer.id}"`} is provided by ${quoted(rivals)}`,
      'keep only one of these plugins',
      { plugin },
    );
  }
}

/** Groups of providers of which there may only be one: all of a single capability, those with the same id of a named one. */
function rivalProviders(providers: readonly OfferedBy[]): OfferedBy[][] {
  const groups = new Map<string, OfferedBy[]>();
  for (const provider of providers) {
    const { cardinality, id = '' } = provider.offer;
    if (cardinality === 'chain') continue;
    groups.set(id, [...(groups.get(id) ?? []), provider]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

function* checkNeed(
  plugin: string,
  need: CapabilityNeed,
  offers: ReadonlyMap<string, readonly OfferedBy[]>,
  known: KnownProviders,
): Iterable<PluginError> {
  const providers = offers.get(need.name) ?? [];
  const provider = providers.find(({ offer }) => offer.cardinality !== need.cardinality);
  if (provider !== undefined) {
    yield cardinalityError(need.name, plugin, need.cardinality, provider.plugin, provider.offer.cardinality);
  }
  const isMet = providers.some(({ offer }) => need.id === undefined || offer.id === need.id);
  if (!isMet && need.optional !== true) yield missingError(plugin, need, providers, [...offers.keys()], known);
}

function missingError(
  plugin: string,
  { name, id }: CapabilityNeed,
  providers: readonly OfferedBy[],
  offered: readonly string[],
  known: KnownProviders,
): PluginError {
  const wanted = id === undefined ? `"${name}"` : `"${name}" with the id "${id}"`;
  const what = `plugin "${plugin}" needs the capability ${wanted}, which no plugin provides`;
  return new PluginError('CAPABILITY_MISSING', what, missingRemedy(name, providers, offered, known), { plugin });
}

function missingRemedy(
  name: string,
  providers: readonly OfferedBy[],
  offered: readonly string[],
  known: KnownProviders,
): string {
  if (providers.length > 0) return `there is ${providers.map(({ offer }) => `"${offer.id}"`).join(', ')}`;
  const candidates = known.get(name) ?? [];
  if (candidates.length > 0)
    return `add ${candidates.map((plugin) => `"${plugin}"`).join(' or ')} to the list of plugins`;
  return `add a plugin that provides it${suggestion(name, [...offered, ...known.keys()])}`;
}

function cardinalityError(name: string, one: string, its: string, other: string, others: string): PluginError {
  return new PluginError(
    'CAPABILITY_CARDINALITY',
    `the capability "${name}" is "${its}" for plugin "${one}" and "${others}" for plugin "${other}"`,
    'one of the two plugins was made for something else of the same name, use only one of them',
    { plugin: one },
  );
}

function quoted(providers: readonly OfferedBy[]): string {
  return providers.map(({ plugin }) => `"${plugin}"`).join(' and ');
}
