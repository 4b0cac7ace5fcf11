/** /leafz: the connections to leafs and hubs. */
import { rttText, textFromSubject, wireTime } from '../../../kernel/plugin-api.ts';
import type { MonitorAnswer, MonitorEndpoint } from '../../monitoring/contract.ts';
import type { LeafConnection } from '../leaf-connection.ts';
import type { Leafs } from '../leafs.ts';

export function leafzEndpoint(current: () => Leafs | null): MonitorEndpoint {
  return {
    path: '/leafz',
    title: 'LeafNodes',
    countedAs: '/leafz',
    answer: (query) => answer(current(), query.text('acc'), query.boolean('subs')),
  };
}

function answer(leafs: Leafs | null, account: string, hasSubjects: boolean): MonitorAnswer {
  if (leafs === null) return { json: {}, status: 200 };
  const { broker } = leafs;
  const shown = leafs
    .inUse()
    .filter((connection) => account === '' || textFromSubject(connection.account.name) === account);
  return {
    json: {
      server_id: broker.identity.id,
      now: wireTime(broker.clock.now()),
      leafnodes: shown.length,
      leafs: entries(shown, hasSubjects),
    },
  };
}

function* entries(connections: readonly LeafConnection[], hasSubjects: boolean): Generator<object> {
  for (const connection of connections) yield entry(connection, hasSubjects);
}

function entry(connection: LeafConnection, hasSubjects: boolean): object {
  const { liveness, peer, transport } = connection;
  const subjects = hasSubjects ? [...connection.subscriptions()].map(({ pattern }) => textFromSubject(pattern)) : [];
  return {
    id: connection.id,
    name: peer.name,
    is_spoke: connection.isHub,
    is_isolated: connection.isIsolated ? true : undefined,
    account: textFromSubject(connection.account.name),
    ip: transport.remote.host,
    port: transport.remote.port,
    rtt: liveness.rtt > 0 ? rttText(liveness.rtt) : undefined,
    in_msgs: connection.inMessages,
    out_msgs: connection.outMessages,
    in_bytes: connection.inBytes,
    out_bytes: connection.outBytes,
    subscriptions: connection.subscriptionCount,
    subscriptions_list: subjects.length === 0 ? undefined : subjects,
    compression: connection.compression === 'not supported' ? undefined : connection.compression,
  };
}
