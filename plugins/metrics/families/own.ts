/** `gnatlet_*`: what no exporter knows. */
import { NATS_VERSION, PRODUCT_VERSION } from '../../../kernel/plugin-api.ts';
import { counter, type Family, gauge, type Sample, samplesBy } from '../exposition/family.ts';
import type { Look } from '../look.ts';

export function* ownFamilies(look: Look): Iterable<Family> {
  yield* server(look);
  yield* traffic(look);
  yield* limits(look);
  yield* plugins(look);
  yield* scrapes(look);
}

function* server({ broker, clock, reading }: Look): Iterable<Family> {
  const versions = { version: PRODUCT_VERSION, nats_version: NATS_VERSION, node_version: process.versions.node };
  yield gauge('gnatlet_build_info', 'Always 1; the labels say what runs.', [{ value: 1, labels: versions }]);
  yield gauge(
    'gnatlet_uptime_seconds',
    'How long the server has run.',
    Math.max(0, clock.now() - broker.startedAt) / 1000,
  );
  yield gauge('gnatlet_lame_duck', '1 while clients are sent elsewhere.', broker.isLameDuck ? 1 : 0);
  yield gauge('gnatlet_accounts', 'Accounts.', reading.accountCount);
  yield gauge('gnatlet_subscriptions', 'Subscriptions.', reading.sublists.subscriptions);
  const kinds = samplesBy('kind', reading.connectionsByKind);
  yield gauge('gnatlet_connections', 'Open connections, by what speaks there.', kinds);
}

function* traffic({ broker, reading }: Look): Iterable<Family> {
  const { inMessages, outMessages, inBytes, outBytes } = reading.traffic;
  yield counter('gnatlet_received_messages', 'Messages received.', inMessages);
  yield counter('gnatlet_sent_messages', 'Messages sent.', outMessages);
  yield counter('gnatlet_received_bytes', 'Bytes of messages received.', inBytes);
  yield counter('gnatlet_sent_bytes', 'Bytes of messages sent.', outBytes);
  const { pool } = broker.flow;
  yield gauge('gnatlet_pending_bytes', 'Bytes that wait to be sent to open connections.', reading.open.pendingBytes);
  yield gauge('gnatlet_outbound_bytes', 'Bytes outside the arena that wait to be sent.', pool.heapBytes);
  yield gauge('gnatlet_outbound_max_bytes', 'How many there may be, by max_outbound.', broker.options.maxOutbound);
}

/** Shown from the start, so that the first hit is an increase. */
const USUAL_REASONS = [
  'Slow Consumer (Pending Bytes)',
  'Slow Consumer (Write Deadline)',
  'Slow Consumer (Outbound Budget)',
];

function* limits({ broker, watch }: Look): Iterable<Family> {
  const hits = Object.entries(broker.limitHits).map(([limit, count]) => [snakeCase(limit), count] as const);
  yield counter('gnatlet_limit_hits', 'What was refused because of a limit, by limit.', samplesBy('limit', hits));
  const slow = new Map([...USUAL_REASONS.map((reason) => [reason, 0] as const), ...broker.slowConsumers]);
  yield counter(
    'gnatlet_slow_consumers',
    'Connections cut off because they were too slow, by reason.',
    samplesBy('reason', slow),
  );
  yield counter(
    'gnatlet_stale_connections',
    'Connections cut off because they did not answer pings.',
    broker.staleConnections,
  );
  yield counter('gnatlet_stalls', 'Times a producer was held up for a slow receiver.', broker.flow.stalls);
  yield counter(
    'gnatlet_dropped_deliveries',
    'Messages that a receiver did not get, because it was slow or gone.',
    samplesBy('reason', watch.dropped),
  );
  yield counter('gnatlet_opened_connections', 'Connections ever accepted.', broker.totalConnections);
  yield counter('gnatlet_closed_connections', 'Connections that ended, by reason.', samplesBy('reason', watch.closed));
}

function* plugins({ description, hooks }: Look): Iterable<Family> {
  const infos = description.plugins.map(({ name, version, status }) => ({ plugin: name, version, status }));
  yield gauge(
    'gnatlet_plugin_info',
    'Always 1, for each plugin, with its state.',
    infos.map((labels) => ({ value: 1, labels })),
  );
  yield gauge('gnatlet_plugin_phase_seconds', 'How long a phase of a plugin took last.', phases(description.plugins));
  const throws = hooks.filter(({ isTapped, count }) => isTapped || count > 0).map((it) => [it.name, it.count] as const);
  yield counter('gnatlet_hook_failures', 'What plugins threw, by hook.', samplesBy('hook', throws));
}

/** A phase may have been passed more than once, as reload is. */
function phases(list: Look['description']['plugins']): Sample[] {
  return list.flatMap(({ name, phases: passed }) => {
    const last = new Map(passed.map(({ phase, milliseconds }) => [phase, milliseconds]));
    return Array.from(last, ([phase, milliseconds]) => ({
      value: milliseconds / 1000,
      labels: { plugin: name, phase },
    }));
  });
}

function* scrapes({ scrapes: { served, refused } }: Look): Iterable<Family> {
  yield counter('gnatlet_scrapes', 'Times these figures were asked for.', served);
  yield counter('gnatlet_refused_scrapes', 'Scrapers turned away because too many were there already.', refused);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
