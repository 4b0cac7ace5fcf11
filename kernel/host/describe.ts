/** What runs here, as data to print: nothing of a plugin is called for it. */

import type { HookDescription } from '../hooks/hook-point.ts';
import { describeHooks } from '../hooks/hooks.ts';
import { collectOffers } from './check-capabilities.ts';
import { configKeys } from './check-claims.ts';
import type { HostEnvironment } from './host-environment.ts';
import type { Cardinality, PluginDefinition } from './plugin-definition.ts';
import type { PhaseTiming, PluginRun, PluginStatus } from './plugin-run.ts';

export interface DefinitionDescription {
  name: string;
  version: string;
  api: readonly number[];
  summary: string;
  provides: readonly string[];
  requires: readonly string[];
  configKeys: readonly string[];
  flags: readonly string[];
  verbs: readonly string[];
  subjects: readonly string[];
  endpoints: readonly string[];
}

export interface PluginDescription extends DefinitionDescription {
  source: string;
  status: PluginStatus;
  phases: readonly PhaseTiming[];
}

export interface CapabilityDescription {
  name: string;
  cardinality: Cardinality;
  /** `isOpen`: it can be used now. */
  providedBy: { plugin: string; id: string; isOpen: boolean }[];
  requiredBy: { plugin: string; isOptional: boolean }[];
}

export interface HostDescription {
  /** In starting order. */
  plugins: PluginDescription[];
  capabilities: CapabilityDescription[];
  hooks: HookDescription[];
}

/** One plugin, running or not. */
export function describeDefinition(definition: PluginDefinition): DefinitionDescription {
  const { name, version, api, summary = '', subjects = [] } = definition;
  return {
    name,
    version,
    api,
    summary,
    provides: (definition.provides ?? []).map(capabilityText),
    requires: (definition.requires ?? []).map(capabilityText),
    configKeys: configKeys(definition),
    flags: (definition.flags ?? []).map((flag) => flag.name),
    verbs: (definition.verbs ?? []).map(({ connectionKind, verb }) => `${connectionKind} ${verb}`),
    subjects,
    endpoints: (definition.endpoints ?? []).map(({ path }) => path),
  };
}

export function describePlugins(
  runs: readonly PluginRun[],
  sources: ReadonlyMap<string, string>,
  environment: HostEnvironment,
): HostDescription {
  return {
    plugins: runs.map((run) => ({
      ...describeDefinition(run.definition),
      source: sources.get(run.name)!,
      status: run.status,
      phases: [...run.timings],
    })),
    capabilities: describeCapabilities(
      runs.map((run) => run.definition),
      environment,
    ),
    hooks: describeHooks(environment.kernel.hooks),
  };
}

function describeCapabilities(
  definitions: readonly PluginDefinition[],
  { capabilities }: HostEnvironment,
): CapabilityDescription[] {
  const found = new Map<string, CapabilityDescription>();
  const entry = (name: string, cardinality: Cardinality): CapabilityDescription => {
    const description = found.get(name) ?? { name, cardinality, providedBy: [], requiredBy: [] };
    found.set(name, description);
    return description;
  };
  for (const [name, offers] of collectOffers(definitions)) {
    for (const { plugin, offer } of offers) {
      const isOpen = capabilities.isProvidedBy(plugin, name, offer.id);
      entry(name, offer.cardinality).providedBy.push({ plugin, id: offer.id ?? '', isOpen });
    }
  }
  for (const definition of definitions) {
    for (const { name, cardinality, optional = false } of definition.requires ?? []) {
      entry(name, cardinality).requiredBy.push({ plugin: definition.name, isOptional: optional });
    }
  }
  return [...found.values()];
}

function capabilityText({ name, id, optional }: { name: string; id?: string; optional?: boolean }): string {
  return `${name}${id === undefined ? '' : `/${id}`}${optional === true ? '?' : ''}`;
}
