/** The one module a plugin author imports. What is exported here is kept within an API version. */

// --- A plugin: what it declares, and what it is handed ---

export { PluginError, type PluginErrorCode } from './hooks/plugin-error.ts';
export { type Concern, isRefusal, type Refusal, refuse } from './hooks/refusal.ts';
export { API_VERSION } from './host/api-version.ts';
export type { ProvidedCapability } from './host/capability-table.ts';
export type { HostDescription, PluginDescription } from './host/describe.ts';
export { type EndpointText, endpointText, isEndpointText } from './host/endpoint-text.ts';
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
export { pluginNeeded } from './host/plugin-needed.ts';
export type { Scope } from './host/scope.ts';
export { Complaints } from './log/complaints.ts';
export type { Log } from './log.ts';
export { API_LEVEL, NATS_VERSION, PRODUCT_VERSION } from './version.ts';

// --- Hooks: what the kernel asks and tells ---

export type { HookName, TapOf } from './hooks/catalogue.ts';
export type { HookTypes } from './hooks/hook-types.ts';
export type { Stage, TapOptions } from './hooks/tap.ts';

// --- Configuration: schemas, and values that need a closer look ---

/** Text between double quotes, as messages show it: of people, or of bytes with one character each. */
export { quoted, quotedText } from '../protocols/client/quoted.ts';
/** How what goes over a line to another server is packed: the field `compression` of its block. */
export { compressionField } from './config/compression-options.ts';
/** Taking a value for the type it should have; undefined is answered once what is wrong is recorded. */
export { asArray, asBoolean, asInteger, asMap, asString, mismatchText, printed } from './config/conversion.ts';
/** Milliseconds, with fractions. */
export { type DurationOutcome, formatDuration, parseDuration } from './config/duration.ts';
export { readDurationText } from './config/duration-text.ts';
/** The kinds of fields a schema is made of: `fields.integer('port', { default: 80, doc: '...' })`. */
export * as fields from './config/fields.ts';
/** What a configuration is once it is read: values that know where they stand. */
export {
  type ArrayNode,
  type ConfigNode,
  type MapEntry,
  type MapNode,
  type StringNode,
  typeName,
} from './config/grammar/node.ts';
/** What a user may do, as it is written: `{publish: ..., subscribe: ..., allow_responses: ...}`. */
export { readPermissions } from './config/permission-options.ts';
/** The value of a node without its place: to compare, or to print. */
export { plainOf } from './config/plain.ts';
export { NOWHERE, type Place, type Problem, Problems, renderProblems } from './config/problem.ts';
export {
  defineSchema,
  type Field,
  type Fields,
  type FieldUse,
  type OptionsOf,
  type Schema,
  wasGiven,
} from './config/schema.ts';

// --- The broker: who is there, and what they may do ---

export { type Account, addTraffic, noTraffic, type Traffic } from './accounts/account.ts';
/** Where everybody is who is not put elsewhere. */
export { GLOBAL_ACCOUNT } from './accounts/account-registry.ts';
/** Renaming of subjects on their way in: rules, made fast. What is wrong with a rule is answered, not thrown. */
export type { MappingDestination, MappingRule } from './accounts/mapping-rule.ts';
export { type AccountMappings, compileMappings } from './accounts/mappings.ts';
/** Checking that the holder of an nkey signed something, on the thread pool. */
export { decodeSignature, isSigned, publicKeyOf } from './accounts/signature.ts';
export type { Broker } from './broker.ts';
export type { ClientConnection } from './connection/client-connection.ts';
export { type ClientInfo, type ClientInfoParts, clientInfo } from './connection/client-info.ts';
export type { Opener, Opening } from './connection/client-listener.ts';
export { type ClientOptions, DEFAULT_CLIENT_OPTIONS, mergeClientOptions } from './connection/client-options.ts';
export { CloseReason } from './connection/close-reason.ts';
export type { Connection, LinkIntroduction } from './connection/connection.ts';
export { type ConnectionFacts, clientBehind, connectionFacts, requesterBehind } from './connection/connection-facts.ts';
export { isClient } from './connection/connection-kind.ts';
/** Serves one subscription of a client. Answers whether it took the message. */
export { deliverToClient } from './connection/deliver.ts';
/** What a listener of a plugin says of the clients it brings: `broker.listener.accept(transport, entrance)`. */
export type { Entrance } from './connection/entrance.ts';
export type { ServerInfo } from './connection/info.ts';
export { ReplyAllowances } from './connection/reply-allowances.ts';
/** Subjects only the broker itself publishes to. */
export { isReserved } from './connection/reserved-subjects.ts';
/** Where from and when somebody may be let in. */
export { type DailyWindow, DailyWindows } from './permissions/daily-windows.ts';
export {
  type PermissionRules,
  type RuleEntry,
  type SubjectRules,
  UNRESTRICTED,
} from './permissions/permission-rules.ts';
/** Rules made fast: what an `Identity` carries. */
export { PermissionSet } from './permissions/permission-set.ts';
export type { DeliveryFilter, Identity, Permissions, ReplyAllowance } from './permissions/permissions.ts';
export { isInside, parseSubnet, type Subnet } from './permissions/subnets.ts';
export { rulesFromText, type WrittenPermissions } from './permissions/written-permissions.ts';

// --- Lines to other servers: what a plugin extends with the verbs of its protocol ---

export { LinkConnection, type LinkParts } from './connection/link-connection.ts';
export { type LinkManner, writeMessage } from './connection/link-delivery.ts';
export type { LivenessSource } from './connection/liveness.ts';
export { applyLimits } from './connection/login.ts';
export type { StreamCodec } from './connection/stream-codec.ts';

// --- Messages: who gets them, and what happens to them ---

export { composed } from './routing/compose.ts';
export { fanOutOf } from './routing/fan-out.ts';
export { withHeaderField } from './routing/header-field.ts';
export { InterestChanges } from './routing/interest-change.ts';
/** The other end of a line, to another server or into another account. */
export {
  CROSSED_BY_SERVICE,
  CROSSED_BY_STREAM,
  FROM_AFAR,
  FROM_BRANCH,
  FROM_PEER,
  FROM_TRUNK,
  type Link,
  type LinkTracing,
  MAY_ASK_SERVICES,
} from './routing/link.ts';
export { Message, type RetainedMessage } from './routing/message.ts';
export type { MessageTrace, MessageTracer, Station, Way } from './routing/message-trace.ts';
/** A match result, good for as long as the Sublist's `generation` stands still. */
export { EMPTY_PLAN, Plan, type QueueGroup } from './routing/plan.ts';
/** Where subjects lead that come over a line to another server. */
export { PlanMemo } from './routing/plan-memo.ts';
export type { Handler, Outgoing } from './routing/publisher.ts';
export { SubjectMemo } from './routing/subject-memo.ts';
export {
  CLIENT_SINK,
  ENDED,
  FALLBACK,
  FILTERED,
  LIMITED,
  LINK_SINK,
  NO_ECHO,
  SERVICE_SINK,
  type ServiceSink,
  type Sink,
  Subscription,
} from './routing/subscription.ts';
export { compileTransform, type TransformOptions } from './routing/transform/compile.ts';
export { readToken } from './routing/transform/destination-token.ts';
export type { SubjectTransform } from './routing/transform/subject-transform.ts';
export { TransformProblem } from './routing/transform/transform-problem.ts';

// --- Text: as NATS servers write it ---

export {
  escapedJson,
  localWireTime,
  nanoseconds,
  randomName,
  rttText,
  uptimeText,
  wireJson,
  wireTime,
} from './wire-text.ts';

// --- Subjects: bytes, one character each, to the broker; text to people ---

export {
  collide,
  hasWildcard,
  isSubset,
  isValidLiteral,
  isValidSubject,
  isWellFormed,
  matchesLiteral,
  subjectFromText,
  textFromSubject,
  tokenAt,
} from './routing/subject.ts';
/** Values by pattern, looked up with the bytes of a subject where they lie. */
export { type SubjectNode, SubjectTree } from './routing/subject-tree.ts';

// --- Ports: the outside world, which a test can replace ---

export { Pace } from './ports/pace.ts';
export type {
  Clock,
  DirectoryLock,
  Disk,
  DiskRoom,
  FileDone,
  FileUse,
  Listener,
  Network,
  OpenFile,
  Ports,
  Random,
  Timer,
} from './ports/ports.ts';
/** A transport over a Node stream, for plugins that wrap one: in TLS, in a WebSocket. */
export { inTurns, outcomeOf, type Steps } from './ports/steps.ts';
export { StreamTransport } from './ports/stream-transport.ts';
export type { Address, Receiver, TlsFacts, Transport } from './ports/transport.ts';
