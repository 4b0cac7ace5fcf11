/**
 * A plugin as data, with the functions of its phases attached.
 *
 * Whatever can be asked about a plugin without starting a broker (what it needs, which keys of the configuration are its
 * own, which flags it understands) is answered by the data alone.
 */
import type { CoreOptions } from '../config/core-options.ts';
import type { Place, Problems } from '../config/problem.ts';
import type { Steps } from '../ports/steps.ts';
import { checkDefinition } from './definition-check.ts';
import type { PluginContext } from './plugin-context.ts';

/** In the order in which they are passed; reload comes any number of times between ready and drain. */
export const PHASES = ['register', 'init', 'listen', 'ready', 'reload', 'drain', 'close'] as const;
export type Phase = (typeof PHASES)[number];

/** one: a single provider. named: several, told apart by id. chain: several, asked in order. */
export type Cardinality = 'one' | 'named' | 'chain';

export interface CapabilityOffer {
  readonly name: string;
  readonly cardinality: Cardinality;
  /** Which of the named ones; required when the cardinality is named. */
  readonly id?: string;
  /** The plugin may leave it out, for instance when its block says so. */
  readonly optional?: boolean;
}

export interface CapabilityNeed {
  readonly name: string;
  readonly cardinality: Cardinality;
  /** Only this one of the named ones will do. */
  readonly id?: string;
  /** The plugin works without it. */
  readonly optional?: boolean;
  /** Used from `listen` on only: who provides it need not be open before. So two plugins may need something of each other. */
  readonly isLate?: boolean;
}

/** Reads the plugin's block. `node` is undefined when the block is absent: the answer is then made of defaults. */
export interface ConfigSchema<Config> {
  read(node: unknown, problems: Problems, sources: ConfigSources): Config;
  /** The same in small steps, for what may take long: a broker that reads its configuration again serves others meanwhile. */
  readInSteps?(node: unknown, problems: Problems, sources: ConfigSources): Steps<Config>;
}

/** A top-level key, and how else it may be spelled. */
export interface OwnedKey {
  readonly key: string;
  readonly aliases?: readonly string[];
}

/** What else of the configuration a plugin may read while it reads its block. */
export interface ConfigSources {
  /** What stands under another key the plugin owns, asked for by its first spelling; undefined when nothing does. */
  also(key: string): unknown;
  /** For each account of the configuration, in its order, the keys inside it that the plugin owns. */
  readonly accounts: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  /** What stands under a key of somebody else's: to refuse what does not go together, never to act on. */
  elsewhere?(key: string): unknown;
  /** The kernel's own options, for the same purpose. Absent where a block is read alone. */
  readonly core?: CoreOptions;
  /** Where the accounts are defined, for what is wrong with several of them together. */
  readonly accountsPlace?: Place;
}

export interface ConfigChange<Config> {
  readonly before: Config;
  readonly after: Config;
}

/**
 * live: `reload` is called. restart: the plugin and whatever depends on it is closed and started again.
 * A refusal, with its reason, keeps the whole reload from happening.
 */
export type ReloadAnswer = 'live' | 'restart' | { readonly refuse: string };

/** Written as a method so that a host can hold plugins of every configuration in one list. */
type ReloadRule<Config> = { rule(change: ConfigChange<Config>): ReloadAnswer }['rule'];

export interface ConfigClaim<Config> {
  /** The top-level key of the configuration that is this plugin's. */
  readonly key: string;
  readonly aliases?: readonly string[];
  /** Further top-level keys that are this plugin's. */
  readonly also?: readonly OwnedKey[];
  /** Keys inside each account's block that are this plugin's. */
  readonly accountKeys?: readonly string[];
  readonly schema: ConfigSchema<Config>;
  /** What a changed block means; a function looks at both sides and does nothing else. Default: restart. */
  readonly live?: ReloadAnswer | ReloadRule<Config>;
}

export interface FlagClaim {
  /** Without dashes. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly takes: 'nothing' | 'text' | 'integer' | 'boolean';
  readonly summary: string;
}

export interface VerbClaim {
  readonly connectionKind: string;
  readonly verb: string;
}

export interface EndpointClaim {
  readonly path: string;
  readonly summary: string;
}

export interface PluginDefinition<Config = unknown, State = unknown> {
  readonly name: string;
  readonly version: string;
  /** The versions of the plugin API this plugin speaks. */
  readonly api: readonly number[];
  readonly summary?: string;
  readonly provides?: readonly CapabilityOffer[];
  readonly requires?: readonly CapabilityNeed[];
  readonly config?: ConfigClaim<Config>;
  readonly flags?: readonly FlagClaim[];
  readonly verbs?: readonly VerbClaim[];
  /** Subjects the plugin answers on. */
  readonly subjects?: readonly string[];
  readonly endpoints?: readonly EndpointClaim[];
  /** Plugins that start later than this one, if they are there. */
  readonly before?: readonly string[];
  /** Plugins that start earlier, if they are there. */
  readonly after?: readonly string[];
  /** It may be started, and closed for good, while the broker runs: a reload may put it into the list of plugins or take it out. */
  readonly mayComeAndGo?: boolean;
  /** Milliseconds a phase may take, where the host's usual deadline does not fit. */
  readonly deadlinesMs?: Readonly<Partial<Record<Phase, number>>>;

  /** Declares, synchronously, and answers what the other phases get as their state. Opens nothing. */
  register?(ctx: PluginContext<Config>): State;
  /** Opens and recovers. Capabilities of the plugins before are there. */
  init?(ctx: PluginContext<Config>, state: State): void | Promise<void>;
  /** Binds. */
  listen?(ctx: PluginContext<Config>, state: State): void | Promise<void>;
  /** Everybody listens. */
  ready?(ctx: PluginContext<Config>, state: State): void | Promise<void>;
  /** The block changed in a way that is live. */
  reload?(ctx: PluginContext<Config>, state: State, change: ConfigChange<Config>): void | Promise<void>;
  /** No new work is taken on; what is under way is finished. */
  drain?(ctx: PluginContext<Config>, state: State): void | Promise<void>;
  /** Flushes and shuts. Called even when `init` failed half-way. */
  close?(ctx: PluginContext<Config>, state: State): void | Promise<void>;
}

/** Checks and freezes a definition. It has no side effects: importing a plugin starts nothing. */
export function definePlugin<Config = unknown, State = void>(
  definition: PluginDefinition<Config, State>,
): PluginDefinition<Config, State> {
  checkDefinition(definition, 'definePlugin');
  return Object.freeze(definition);
}
