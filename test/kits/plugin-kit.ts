/**
 * Runs one plugin alone, in a world of its own, and sees to it that nothing of it stays behind.
 *
 *     const bench = await startPlugin(plugin, { capabilities: { 'account.resolver': resolver } });
 *     ...
 *     await bench.close();
 */
import { Broker } from '../../kernel/broker.ts';
import { DEFAULT_BROKER_OPTIONS } from '../../kernel/broker-options.ts';
import { mapNode, type PlainValue } from '../../kernel/config/plain.ts';
import { Problems, renderProblems } from '../../kernel/config/problem.ts';
import { createHooks, type Hooks } from '../../kernel/hooks/hooks.ts';
import type { PluginError } from '../../kernel/hooks/plugin-error.ts';
import type { HostDescription } from '../../kernel/host/describe.ts';
import type { KernelServices } from '../../kernel/host/kernel-services.ts';
import {
  type CapabilityNeed,
  type CapabilityOffer,
  definePlugin,
  type PluginDefinition,
} from '../../kernel/host/plugin-definition.ts';
import { PluginHost } from '../../kernel/host/plugin-host.ts';
import { hookReporterTo } from '../../kernel/host/report.ts';
import type { Log } from '../../kernel/log.ts';
import { createFakePorts, type FakePorts } from './fake-ports.ts';

/** one: the value. named: an object of values by id. chain: a list of values. Absent: nobody provides it. */
export type FakeCapabilities = Readonly<Record<string, unknown>>;

export interface BenchOptions<Config> {
  /** The plugin's block as its schema would read it. */
  config?: Config;
  /** The block as a program writes it, to be read by the schema; without either, its defaults. Mistakes are thrown. */
  block?: PlainBlock;
  capabilities?: FakeCapabilities;
  /** Parts of the kernel to replace. */
  kernel?: Partial<KernelServices>;
  ports?: FakePorts;
}

export type PlainBlock = Readonly<Record<string, PlainValue>>;

/** The name under which the kit provides capabilities. */
const KIT = 'plugin-kit';

export class PluginBench {
  readonly host: PluginHost;
  readonly ports: FakePorts;
  readonly hooks: Hooks;
  /** A genuine one that listens nowhere. */
  readonly broker: Broker;
  /** Log lines, each with its level in front. */
  readonly log: string[];
  /** What failed without stopping anything. */
  readonly failures: PluginError[];
  readonly #plugin: string;
  readonly #definition: PluginDefinition;

  constructor(plugin: PluginDefinition, options: BenchOptions<unknown>) {
    this.#plugin = plugin.name;
    this.#definition = plugin;
    this.ports = options.ports ?? createFakePorts();
    this.log = [];
    this.failures = [];
    const log = listLog(this.log);
    this.hooks = createHooks(hookReporterTo(log));
    const kernel = { ports: this.ports, log, hooks: this.hooks, options: DEFAULT_BROKER_OPTIONS };
    this.broker = new Broker(kernel);
    this.host = new PluginHost({
      plugins: [
        { definition: fakeProvider(plugin, options.capabilities ?? {}) },
        { definition: plugin, config: options.config ?? readConfig(plugin, options.block) },
      ],
      kernel: { ...kernel, broker: this.broker, ...options.kernel },
      report: (failure) => void this.failures.push(failure),
    });
  }

  describe(): HostDescription {
    return this.host.describe();
  }

  /** What the plugin provides under this name. */
  provided<Capability>(name: string, id?: string): Capability {
    const found = this.host.capabilities.find(name, id);
    if (found?.plugin !== this.#plugin) throw new Error(`plugin "${this.#plugin}" does not provide "${name}"`);
    return found.value as Capability;
  }

  /** The plugin's block is another now. Mistakes in it, and refusals, are thrown. */
  async reload(block: PlainBlock): Promise<void> {
    await this.host.reload(new Map([[this.#plugin, readConfig(this.#definition, block)]]));
  }

  /** What the plugin has registered and not undone, one line each. */
  leftovers(): string[] {
    const { hooks } = this.describe();
    const isMine = (entry: { plugin: string }): boolean => entry.plugin === this.#plugin;
    const { subscriptionCount } = this.broker.accounts;
    return [
      ...(subscriptionCount > 0 ? [`${subscriptionCount} subscriptions`] : []),
      ...hooks.filter((hook) => hook.taps.some(isMine)).map((hook) => `a tap on ${hook.name}`),
      ...this.host.capabilities.providedBy(this.#plugin).map((name) => `the capability ${name}`),
      ...this.host.endpoints
        .entries()
        .filter(isMine)
        .map((entry) => `the endpoint ${entry.name}`),
      ...this.host.verbs
        .entries()
        .filter(isMine)
        .map((entry) => `the verb ${entry.name}`),
      ...[...this.ports.network.listening].map((name) => `a listener on ${name}`),
      ...(this.ports.clock.pending > 0 ? [`${this.ports.clock.pending} timers`] : []),
    ];
  }

  /** Closes the plugin, and throws when that fails or leaves anything behind. */
  async close(): Promise<void> {
    const failures = await this.host.close();
    await this.broker.close();
    if (failures.length > 0) throw failures[0];
    const left = this.leftovers();
    if (left.length > 0) throw new Error(`plugin "${this.#plugin}" left behind: ${left.join(', ')}`);
  }
}

/** Takes the plugin to ready. */
export async function startPlugin<Config, State>(
  plugin: PluginDefinition<Config, State>,
  options: BenchOptions<Config> = {},
): Promise<PluginBench> {
  const bench = new PluginBench(plugin, options);
  await bench.host.start();
  return bench;
}

/**
 * Runs a scenario with all capabilities, without each optional one, and without any optional one, and closes after each.
 * `capabilities` holds a fake for everything the plugin requires.
 */
export async function withEachCapabilitySet<Config, State>(
  plugin: PluginDefinition<Config, State>,
  options: BenchOptions<Config> & { capabilities: FakeCapabilities },
  scenario: (bench: PluginBench, absent: readonly string[]) => void | Promise<void>,
): Promise<void> {
  const optional = (plugin.requires ?? []).filter((need) => need.optional === true).map((need) => need.name);
  const sets = new Map([[], ...optional.map((name) => [name]), optional].map((absent) => [absent.join(), absent]));
  for (const absent of sets.values()) {
    const present = Object.entries(options.capabilities).filter(([name]) => !absent.includes(name));
    const bench = await startPlugin(plugin, { ...options, capabilities: Object.fromEntries(present) });
    await scenario(bench, absent);
    await bench.close();
  }
}

/** A plugin that provides the fakes, by the cardinality the plugin under test expects. */
function fakeProvider(plugin: PluginDefinition, fakes: FakeCapabilities): PluginDefinition {
  const needs = new Map((plugin.requires ?? []).map((need) => [need.name, need]));
  const entries = Object.entries(fakes).flatMap(([name, fake]) => fakeEntries(name, needs.get(name), fake));
  return definePlugin({
    name: KIT,
    version: '1.0.0',
    api: [...plugin.api],
    provides: entries.map(({ offer }) => offer),
    register(ctx) {
      for (const { offer, value } of entries)
        ctx.provide(offer.name, value, offer.id === undefined ? {} : { id: offer.id });
    },
  });
}

interface FakeEntry {
  offer: CapabilityOffer;
  value: unknown;
}

function fakeEntries(name: string, need: CapabilityNeed | undefined, fake: unknown): FakeEntry[] {
  if (need === undefined) throw new Error(`the plugin does not require "${name}"`);
  const { cardinality } = need;
  if (cardinality === 'one') return [{ offer: { name, cardinality }, value: fake }];
  return Object.entries(fake as object).map(([id, value]) => ({ offer: { name, cardinality, id }, value }));
}

function readConfig({ config }: PluginDefinition, block?: PlainBlock): unknown {
  if (config === undefined) return undefined;
  const problems = new Problems();
  const node = block === undefined ? undefined : mapNode(block, config.key, problems);
  const read = config.schema.read(node, problems, { also: () => undefined, accounts: new Map() });
  if (problems.hasErrors) throw new Error(renderProblems(problems.list));
  return read;
}

export function listLog(lines: string[]): Log {
  const at = (level: string) => (text: string) => void lines.push(`${level} ${text}`);
  const [trace, debug, info, warn, error] = ['trace', 'debug', 'info', 'warn', 'error'].map(at);
  return { isDebugging: true, isTracing: true, trace: trace!, debug: debug!, info: info!, warn: warn!, error: error! };
}
