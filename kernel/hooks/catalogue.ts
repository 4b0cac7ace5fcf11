/**
 * Every hook of the kernel. There are no others.
 *
 * A hook that nobody taps costs its caller one comparison: `const slot = hooks.publishCheck.slot; if (slot !== null) ...`.
 * To see messages, do not look for a hook: register a subscription with a sink.
 */
import {
  answerLater,
  decideLater,
  decideNow,
  type HookDeclaration,
  notifyLater,
  notifyNow,
  transformLater,
  transformNow,
} from './hook-declaration.ts';
import type { HookTypes as T } from './hook-types.ts';

export const CATALOGUE = {
  'server.configure': transformLater<T['options']>(
    ['options'],
    'Once before anything opens, and once for each reload: the options may be replaced.',
  ),
  'server.ready': notifyLater<[server: T['server']]>(
    ['server'],
    'Once, after every listener accepts connections and before the broker says that it is ready.',
  ),
  'server.reload': notifyLater<[change: T['reloadChange']]>(
    ['change'],
    'After a reload was applied as a whole; a refused reload is never seen here.',
  ),
  'server.lameDuck': notifyLater<[server: T['server']]>(
    ['server'],
    'Once, when the broker stops accepting and before the first client is sent away.',
  ),
  'server.close': notifyLater<[server: T['server']]>(
    ['server'],
    'Once, before connections are cut; plugins are still open.',
  ),

  'connection.accept': decideLater<[transport: T['transport']], true>(
    ['transport'],
    'Before a byte is sent. The first true admits, the first refusal closes; without an answer the transport is admitted.',
  ),
  'connection.hello': transformNow<T['info'], [connection: T['connection']]>(
    ['info', 'connection'],
    'Before INFO is sent to this connection, the first time and every later one; each tap sees what the last one made of it.',
  ),
  'connection.authenticate': decideLater<[connection: T['connection'], credentials: T['credentials']], T['identity']>(
    ['connection', 'credentials'],
    'Once for each CONNECT. The first identity or refusal counts. Nothing of the connection runs until it is answered.',
  ),
  'connection.authenticated': notifyNow<[connection: T['connection']]>(
    ['connection'],
    'The connection has its account; none of its commands ran yet.',
  ),
  'connection.closed': notifyNow<[connection: T['connection'], reason: T['closeReason']]>(
    ['connection', 'reason'],
    'Exactly once for each connection that was accepted, after its subscriptions are gone.',
  ),
  'connection.slow': notifyNow<[connection: T['connection'], reason: T['closeReason']]>(
    ['connection', 'reason'],
    'The connection lags past a limit and is about to be cut off.',
  ),
  'connection.stale': notifyNow<[connection: T['connection']]>(
    ['connection'],
    'The connection owes more PONGs than allowed and is about to be cut off.',
  ),

  'account.resolve': answerLater<[name: string], T['accountSource']>(
    ['name'],
    'An account is wanted that is not loaded. The first source wins; without one, and unless a tap has made it, it does not exist.',
  ),
  'account.created': notifyLater<[account: T['account']]>(['account'], 'Before the account has its first connection.'),
  'account.changed': notifyLater<[account: T['account']]>(
    ['account'],
    'Limits, exports, imports or mappings are different, or other servers have more links of it; what is new already counts.',
  ),
  'account.removed': notifyLater<[account: T['account']]>(
    ['account'],
    'Its connections are closed; nothing refers to it after the taps return.',
  ),

  'subscription.check': decideNow<[connection: T['connection'], subscription: T['subscription']], true>(
    ['connection', 'subscription'],
    'Before a subscription counts. The first true allows, the first refusal denies; without an answer it is allowed.',
  ),
  'interest.first': notifyNow<[account: T['account'], subject: string, queue: string, subscription: T['subscription']]>(
    ['account', 'subject', 'queue', 'subscription'],
    'The first subscription of an account on a subject and queue group (empty: none) was added. Alternates with interest.last.',
  ),
  'interest.changed': notifyNow<
    [account: T['account'], subject: string, queue: string, subscription: T['subscription']]
  >(
    ['account', 'subject', 'queue', 'subscription'],
    'One more or one less of several such subscriptions, or one of them stands for another number of members.',
  ),
  'interest.last': notifyNow<[account: T['account'], subject: string, queue: string, subscription: T['subscription']]>(
    ['account', 'subject', 'queue', 'subscription'],
    'The last such subscription was removed.',
  ),
  'interest.staying': notifyNow<[account: T['account'], subscription: T['subscription']]>(
    ['account', 'subscription'],
    'A subscription that stands for what happens where a message is published came, or went: the other hooks of interest leave it out.',
  ),
  'publish.check': decideNow<[connection: T['connection'], message: T['message']], true>(
    ['connection', 'message'],
    'Before a message is routed. The first true allows, the first refusal drops it; without an answer it is allowed.',
  ),
  'publish.unrouted': notifyNow<[connection: T['connection'], message: T['message']]>(
    ['connection', 'message'],
    'Nobody took the message.',
  ),
  'delivery.dropped': notifyNow<[subscription: T['subscription'], message: T['message'], reason: T['dropReason']]>(
    ['subscription', 'message', 'reason'],
    'A matching subscription did not get the message.',
  ),
  'system.advisory': notifyNow<[account: T['account'], advisory: T['advisory']]>(
    ['account', 'advisory'],
    'Something happened that the system account tells about.',
  ),
  'stats.collect': notifyNow<[statistics: T['statistics']]>(
    ['statistics'],
    'Somebody asks for figures: add yours to the argument.',
  ),
  'trace.hop': notifyNow<[message: T['message'], station: T['traceStation']]>(
    ['message', 'station'],
    'Only for messages that are traced, which is decided elsewhere: one call for each station, in their order.',
  ),
};

export type Catalogue = typeof CATALOGUE;
export type HookName = keyof Catalogue;

type TapTypes<Declaration> =
  Declaration extends HookDeclaration<infer Tap, infer Slot> ? { tap: Tap; slot: Slot } : never;
/** What a plugin taps in. */
export type TapOf<Name extends HookName> = TapTypes<Catalogue[Name]>['tap'];
/** What the kernel calls. */
export type SlotOf<Name extends HookName> = TapTypes<Catalogue[Name]>['slot'];
