/**
 * Which plugins run, in which order: worked out from their definitions alone.
 *
 * Providers come before those who need them, `before` and `after` are kept, and otherwise the order of the list stands.
 */
import { PluginError } from '../hooks/plugin-error.ts';
import { stableOrder } from '../hooks/stable-order.ts';
import { checkCapabilities, collectOffers, type KnownProviders } from './check-capabilities.ts';
import { checkApiVersions, checkClaims, checkDuplicates } from './check-claims.ts';
import type { CapabilityNeed, PluginDefinition } from './plugin-definition.ts';

export interface PluginPlan {
  /** In starting order; in the given order when that is impossible. */
  readonly order: readonly PluginDefinition[];
  readonly problems: readonly PluginError[];
}

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

export function planPlugins(plugins: readonly PluginDefinition[], known: KnownProviders = new Map()): PluginPlan {
  const problems = [
    ...checkApiVersions(plugins),
    ...checkDuplicates(plugins),
    ...checkClaims(plugins),
    ...checkCapabilities(plugins, known),
  ];
  const edges = [...capabilityEdges(plugins, ({ isLate }) => isLate !== true), ...namedEdges(plugins)];
  const { order, cycle } = stableOrder(
    plugins.length,
    edges.map(({ from, to }) => [from, to] as const),
  );
  if (order !== null) return { order: order.map((index) => plugins[index]!), problems };
  return { order: plugins, problems: [...problems, cycleError(plugins, edges, cycle)] };
}

/** The plugins that directly or indirectly use what `name` provides, in the order of `plugins`. */
export function dependantsOf(name: string, plugins: readonly PluginDefinition[]): PluginDefinition[] {
  const found = new Set([plugins.findIndex((plugin) => plugin.name === name)]);
  const edges = [...capabilityEdges(plugins, () => true)];
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const { from, to } of edges) if (found.has(from)) found.add(to);
  }
  return plugins.filter((plugin, index) => plugin.name !== name && found.has(index));
}

/** All that is wrong, as one error: itself when it is the only one. */
export function planError(problems: readonly PluginError[]): PluginError {
  if (problems.length === 1) return problems[0]!;
  const list = problems.map((problem) => `\n  ${problem.message}`).join('');
  return new PluginError('PLUGINS_INVALID', `${problems.length} problems with the plugins`, list, { problems });
}

function* capabilityEdges(
  plugins: readonly PluginDefinition[],
  counts: (need: CapabilityNeed) => boolean,
): Iterable<Edge> {
  const offers = collectOffers(plugins);
  const positions = new Map(plugins.map(({ name }, index) => [name, index]));
  for (const [to, { name, requires = [] }] of plugins.entries()) {
    for (const need of requires.filter(counts)) {
      for (const { plugin, offer } of offers.get(need.name) ?? []) {
        if (plugin === name || (need.id !== undefined && offer.id !== need.id)) continue;
        yield { from: positions.get(plugin)!, to, reason: `"${name}" needs "${need.name}" of "${plugin}"` };
      }
    }
  }
}

function* namedEdges(plugins: readonly PluginDefinition[]): Iterable<Edge> {
  for (const [index, { name, before = [], after = [] }] of plugins.entries()) {
    for (const [other, { name: otherName }] of plugins.entries()) {
      if (before.includes(otherName)) yield { from: index, to: other, reason: `"${name}" is before "${otherName}"` };
      if (after.includes(otherName)) yield { from: other, to: index, reason: `"${name}" is after "${otherName}"` };
    }
  }
}

function cycleError(
  plugins: readonly PluginDefinition[],
  edges: readonly Edge[],
  cycle: readonly number[],
): PluginError {
  const reasons = cycle.map((from, at) => {
    const to = cycle[(at + 1) % cycle.length];
    return edges.find((edge) => edge.from === from && edge.to === to)!.reason;
  });
  return new PluginError(
    'PLUGIN_ORDER_CYCLE',
    `the plugins cannot be ordered, ${reasons.join(', ')}`,
    'remove one of these plugins, or one of these before and after names',
    { plugin: plugins[cycle[0]!]!.name },
  );
}
