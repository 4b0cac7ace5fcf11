/** One connection as /connz prints it. Keys stand in the order tools have always seen. */
import { createHash, X509Certificate } from 'node:crypto';
import { localWireTime, rttText, type TlsFacts, uptimeText } from '../../../kernel/plugin-api.ts';
import type { PastSubscription } from '../closed-connections.ts';
import type { MonitoredFacts } from '../connection-facts.ts';
import { subscriptionEntry, textOf } from './subscription-entry.ts';

export interface EntryOptions {
  readonly now: number;
  readonly withAuth: boolean;
  readonly subscriptions: 'none' | 'subjects' | 'detail';
}

const GLOBAL_ACCOUNT = '$G';

export function connectionEntry(
  facts: MonitoredFacts,
  subscriptions: Iterable<PastSubscription>,
  options: EntryOptions,
): object {
  const { withAuth } = options;
  return {
    ...lifeEntry(facts, options.now),
    ...trafficEntry(facts),
    name: filled(facts.name),
    lang: filled(facts.lang),
    version: filled(facts.version),
    ...(facts.tls === null ? null : tlsEntry(facts.tls, withAuth)),
    ...(withAuth ? identityEntry(facts) : null),
    ...subscriptionsEntry(facts, subscriptions, options),
    ...(withAuth ? claimsEntry(facts) : null),
    mqtt_client: facts.more?.mqtt_client,
    proxy: facts.more?.proxy,
  };
}

function lifeEntry(facts: MonitoredFacts, now: number): object {
  const until = facts.stoppedAt ?? now;
  return {
    cid: facts.id,
    kind: filled(facts.kind),
    type: filled(facts.clientType),
    ip: facts.host,
    port: facts.port,
    start: localWireTime(facts.startedAt),
    last_activity: localWireTime(facts.lastActivityAt),
    stop: facts.stoppedAt === null ? undefined : localWireTime(facts.stoppedAt),
    reason: facts.stoppedAt === null ? undefined : filled(facts.reason),
    rtt: rttText(facts.rttMs),
    uptime: uptimeText(until - facts.startedAt),
    idle: uptimeText(until - facts.lastActivityAt),
  };
}

function trafficEntry(facts: MonitoredFacts): object {
  return {
    pending_bytes: facts.pendingBytes,
    in_msgs: facts.inMessages,
    out_msgs: facts.outMessages,
    in_bytes: facts.inBytes,
    out_bytes: facts.outBytes,
    stalls: facts.more?.stalls,
    subscriptions: facts.subscriptions,
  };
}

function tlsEntry(tls: TlsFacts & { isFirst?: boolean }, withAuth: boolean): object {
  const certificates = withAuth ? tls.peerCertificates.map(certificateEntry) : [];
  return {
    tls_version: tls.version.replace(/^TLSv/, ''),
    tls_cipher_suite: tls.cipher,
    tls_peer_certs: certificates.length > 0 ? certificates : undefined,
    tls_first: tls.isFirst === true ? true : undefined,
  };
}

function certificateEntry(der: Uint8Array): object {
  const certificate = new X509Certificate(der);
  const spki = certificate.publicKey.export({ format: 'der', type: 'spki' });
  return {
    // One attribute a line, the most general first; the usual form is the other way round.
    subject: certificate.subject.split('\n').reverse().join(','),
    spki_sha256: createHash('sha256').update(spki).digest('hex'),
    cert_sha256: createHash('sha256').update(der).digest('hex'),
  };
}

function identityEntry({ user, account, isLetIn }: MonitoredFacts): object {
  return {
    authorized_user: filled(user),
    account: isLetIn && account !== GLOBAL_ACCOUNT ? account : undefined,
  };
}

function claimsEntry({ accountTitle, isLetIn, details }: MonitoredFacts): object {
  if (!isLetIn) return {};
  return {
    jwt: details.jwt,
    issuer_key: details.issuer_key,
    name_tag: details.name_tag ?? accountTitle,
    tags: details.tags,
  };
}

/** There may be a great many: they are not made before they are printed. The account is told only of those that are gone. */
function subscriptionsEntry(
  facts: MonitoredFacts,
  subscriptions: Iterable<PastSubscription>,
  options: EntryOptions,
): object {
  const { id, account, accountTitle, stoppedAt } = facts;
  if (options.subscriptions === 'none' || isNone(facts, subscriptions)) return {};
  if (options.subscriptions === 'subjects') return { subscriptions_list: subjectsOf(subscriptions) };
  const place = stoppedAt === null ? [] : [account, accountTitle];
  return { subscriptions_list_detail: detailsOf(subscriptions, id, place) };
}

function isNone(facts: MonitoredFacts, subscriptions: Iterable<PastSubscription>): boolean {
  return facts.subscriptions === 0 || (Array.isArray(subscriptions) && subscriptions.length === 0);
}

function* subjectsOf(subscriptions: Iterable<PastSubscription>): Iterable<string> {
  for (const { pattern } of subscriptions) yield textOf(pattern);
}

function* detailsOf(subscriptions: Iterable<PastSubscription>, cid: number, place: string[]): Iterable<object> {
  for (const subscription of subscriptions) yield subscriptionEntry(subscription, cid, ...place);
}

function filled(text: string): string | undefined {
  return text === '' ? undefined : text;
}
