/** Services that answer as the monitor does, by the last token of their subject. */
import type { OptionNames } from './body-query.ts';
import { FILTERS, type Fields } from './decode.ts';

export interface MonitorService {
  readonly path: string;
  /** What failures call the body. */
  readonly typeName: string;
  readonly fields: Fields;
  readonly names: OptionNames;
}

const SUBSCRIPTIONS: Fields = { subscriptions: 'bool', subscriptions_detail: 'bool' };
const PAGE: Fields = { offset: 'int', limit: 'int' };

function service(path: string, typeName: string, fields: Fields = {}, names: OptionNames = {}): MonitorService {
  return { path, typeName, fields: { ...fields, ...FILTERS }, names };
}

export const MONITOR_SERVICES: ReadonlyMap<string, MonitorService> = new Map([
  ['VARZ', service('/varz', 'VarzEventOptions')],
  [
    'SUBSZ',
    service(
      '/subsz',
      'SubszEventOptions',
      { ...PAGE, subscriptions: 'bool', account: 'string', test: 'string' },
      { subs: 'subscriptions', acc: 'account' },
    ),
  ],
  [
    'CONNZ',
    service('/connz', 'ConnzEventOptions', {
      ...PAGE,
      ...SUBSCRIPTIONS,
      sort: 'server.SortOpt',
      auth: 'bool',
      cid: 'uint64',
      mqtt_client: 'string',
      state: 'server.ConnState',
      user: 'string',
      acc: 'string',
      filter_subject: 'string',
    }),
  ],
  ['ROUTEZ', service('/routez', 'RoutezEventOptions', SUBSCRIPTIONS)],
  [
    'GATEWAYZ',
    service(
      '/gatewayz',
      'GatewayzEventOptions',
      { ...SUBSCRIPTIONS, name: 'string', accounts: 'bool', account_name: 'string' },
      { accs: 'accounts', gw_name: 'name', acc_name: 'account_name' },
    ),
  ],
  [
    'LEAFZ',
    service(
      '/leafz',
      'LeafzEventOptions',
      { subscriptions: 'bool', account: 'string' },
      { subs: 'subscriptions', acc: 'account' },
    ),
  ],
  ['ACCOUNTZ', service('/accountz', 'AccountzEventOptions', { account: 'string' }, { acc: 'account' })],
  [
    'JSZ',
    service(
      '/jsz',
      'JszEventOptions',
      {
        ...PAGE,
        account: 'string',
        accounts: 'bool',
        streams: 'bool',
        consumer: 'bool',
        direct_consumer: 'bool',
        config: 'bool',
        leader_only: 'bool',
        raft: 'bool',
        stream_leader_only: 'bool',
      },
      {
        acc: 'account',
        consumers: 'consumer',
        'direct-consumers': 'direct_consumer',
        'leader-only': 'leader_only',
        'stream-leader-only': 'stream_leader_only',
      },
    ),
  ],
  [
    'HEALTHZ',
    service('/healthz', 'HealthzEventOptions', {
      'js-enabled': 'bool',
      'js-enabled-only': 'bool',
      'js-server-only': 'bool',
      'js-meta-only': 'bool',
      account: 'string',
      stream: 'string',
      consumer: 'string',
      details: 'bool',
    }),
  ],
  ['EXPVARZ', service('/debug/vars', 'ExpvarzEventOptions')],
  [
    'IPQUEUESZ',
    service('/ipqueuesz', 'IpqueueszEventOptions', { all: 'bool', filter: 'string' }, { queues: 'filter' }),
  ],
  ['RAFTZ', service('/raftz', 'RaftzEventOptions', { account: 'string', group: 'string' }, { acc: 'account' })],
]);
