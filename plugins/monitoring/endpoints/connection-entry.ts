/** One connection as /connz prints it. Keys stand in the order tools have always seen. */
import { createHash, X509Certificate } from 'node:crypto';
import type { TlsFacts } from '../../../kernel/plugin-api.ts';
import type { ConnectionFacts } from '../connection-facts.ts';
import type { Subscription } from '../monitor.ts';
import { localTime, rttText, uptimeText } from '../texts.ts';
import { subscriptionEntry, textOf } from './subscription-entry.ts';

export interface EntryOptions {
  readonly now: number;
  readonly withAuth: boolean;
  readonly subscriptions: 'none' | 'subjects' | 'detail';
}

const GLOBAL_ACCOUNT = '$G';
const HIDDEN_USER = '[REDACTED]';

export function connectionEntry(
  facts: ConnectionFacts,
  subscriptions: Iterable<Subscription>,
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

function lifeEntry(facts: ConnectionFacts, now: number): object {
  const until = facts.stoppedAt ?? now;
  return {
    cid: facts.cid,
    kind: filled(facts.kind),
    type: filled(facts.type),
    ip: facts.ip,
    port: facts.port,
    start: localTime(facts.startedAt),
    last_activity: localTime(facts.lastActivityAt),
    stop: facts.stoppedAt === null ? undefined : localTime(facts.stoppedAt),
    reason: facts.stoppedAt === null ? undefined : filled(facts.reason),
    rtt: rttText(facts.rttMs),
    uptime: uptimeText(until - facts.startedAt),
    idle: uptimeText(until - facts.lastActivityAt),
  };
}

function trafficEntry(facts: ConnectionFacts): object {
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

function identityEntry({ user, account, more }: ConnectionFacts): object {
  return {
    authorized_user: more?.isTokenUser === true ? HIDDEN_USER : filled(user),
    account: account === GLOBAL_ACCOUNT ? undefined : account,
  };
}

function claimsEntry({ account, more }: ConnectionFacts): object {
  return {
    jwt: more?.jwt,
    issuer_key: more?.issuer_key,
    name_tag: more?.name_tag ?? account,
    tags: more?.tags,
  };
}

function subscriptionsEntry(
  facts: ConnectionFacts,
  subscriptions: Iterable<Subscription>,
  options: EntryOptions,
): object {
  if (options.subscriptions === 'none' || facts.subscriptions === 0) return {};
  if (options.subscriptions === 'subjects') {
    return { subscriptions_list: Array.from(subscriptions, ({ pattern }) => textOf(pattern)) };
  }
  const detail = Array.from(subscriptions, (subscription) => subscriptionEntry(subscription, facts.cid));
  return { subscriptions_list_detail: detail };
}

function filled(text: string): string | undefined {
  return text === '' ? undefined : text;
}
