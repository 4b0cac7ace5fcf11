/** What a server without links and without streaming answers: tools ask for these whatever is there. */
import { wireTime } from '../../../kernel/plugin-api.ts';
import type { MonitorAnswer, MonitorQuery } from '../contract.ts';
import { BadRequest } from '../http/query.ts';
import { heading, type Monitor } from '../monitor.ts';

export function routez(monitor: Monitor, query: MonitorQuery): MonitorAnswer {
  query.subscriptions('subs');
  const { server_id, now } = heading(monitor);
  const server_name = monitor.broker.name;
  return { json: { server_id, server_name, now: wireTime(now), num_routes: 0, routes: [] } };
}

export function gatewayz(monitor: Monitor, query: MonitorQuery): MonitorAnswer {
  query.subscriptions('subs');
  query.boolean('accs');
  const { server_id, now } = heading(monitor);
  return { json: { server_id, now: wireTime(now), outbound_gateways: {}, inbound_gateways: {} } };
}

export function leafz(monitor: Monitor, query: MonitorQuery): MonitorAnswer {
  query.boolean('subs');
  const { server_id, now } = heading(monitor);
  return { json: { server_id, now: wireTime(now), leafnodes: 0, leafs: [] } };
}

const JSZ_FLAGS = ['accounts', 'streams', 'consumers', 'direct-consumers', 'config', 'raft', 'stream-leader-only'];

export function jsz(monitor: Monitor, query: MonitorQuery): MonitorAnswer {
  for (const flag of JSZ_FLAGS) query.boolean(flag);
  for (const number of ['offset', 'limit']) query.integer(number);
  if (query.boolean('leader-only')) throw new BadRequest('filtered response: not leader');
  const { server_id, now } = heading(monitor);
  return {
    json: {
      memory: 0,
      storage: 0,
      reserved_memory: 0,
      reserved_storage: 0,
      accounts: 0,
      ha_assets: 0,
      api: { level: 0, total: 0, errors: 0 },
      server_id,
      now: wireTime(now),
      disabled: true,
      config: { max_memory: 0, max_storage: 0 },
      streams: 0,
      consumers: 0,
      messages: 0,
      bytes: 0,
      total: 0,
    },
  };
}

export function raftz(): MonitorAnswer {
  return { text: 'No Raft nodes registered', status: 404 };
}
