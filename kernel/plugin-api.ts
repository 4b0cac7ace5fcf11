/** The one module a plugin author imports. What is exported here is kept within an API version. */

/** The kinds of fields a schema is made of: `fields.integer('port', { default: 80, doc: '...' })`. */
export * as fields from './config/fields.ts';
export type { Place, Problem, Problems } from './config/problem.ts';
export { defineSchema, type OptionsOf, type Schema } from './config/schema.ts';
export type { HookName, TapOf } from './hooks/catalogue.ts';
export type { HookTypes } from './hooks/hook-types.ts';
export { PluginError, type PluginErrorCode } from './hooks/plugin-error.ts';
export { isRefusal, type Refusal, refuse } from './hooks/refusal.ts';
export type { Stage, TapOptions } from './hooks/tap.ts';
export { API_VERSION } from './host/api-version.ts';
export type { ProvidedCapability } from './host/capability-table.ts';
export type { KernelServices } from './host/kernel-services.ts';
export type {
  Disposer,
  EndpointHandler,
  EndpointRequest,
  PluginContext,
  ProvideOptions,
} from './host/plugin-context.ts';
export {
  type CapabilityNeed,
  type CapabilityOffer,
  type Cardinality,
  type ConfigChange,
  type ConfigClaim,
  type ConfigSchema,
  type ConfigSources,
  definePlugin,
  type EndpointClaim,
  type FlagClaim,
  type OwnedKey,
  type Phase,
  type PluginDefinition,
  type ReloadAnswer,
  type VerbClaim,
} from './host/plugin-definition.ts';
export type { Scope } from './host/scope.ts';
export type { Log } from './log.ts';
export type { Clock, Disk, Listener, Network, Ports, Random, Timer } from './ports/ports.ts';
/** A transport over a Node stream, for plugins that wrap one: in TLS, in a WebSocket. */
export { StreamTransport } from './ports/stream-transport.ts';
export type { Address, Receiver, TlsFacts, Transport } from './ports/transport.ts';
export type { Message, RetainedMessage } from './routing/message.ts';
export type {
  MessageTrace,
  MessageTracer,
  Station,
  TraceDecision,
  TraceRequest,
} from './routing/message-trace.ts';
export type { Handler, Outgoing } from './routing/publisher.ts';
export type { Subscription } from './routing/subscription.ts';
export { NATS_VERSION, PRODUCT_VERSION } from './version.ts';
