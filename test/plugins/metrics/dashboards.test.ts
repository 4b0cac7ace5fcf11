/** Boards and alerts that people made for the exporter find every name they ask for. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseExposition } from './exposition-parser.ts';
import { startMetrics } from './metrics-bench.ts';

const NAMES: Readonly<Record<string, string>> = {
  'the NATS board that comes with the exporter': `
    varz_connections varz_cpu varz_in_bytes varz_in_msgs varz_mem varz_out_bytes varz_out_msgs varz_slow_consumers
    varz_subscriptions`,
  'boards on grafana.com that show the server': `
    varz_connections varz_total_connections varz_cpu varz_cores varz_mem varz_in_msgs varz_in_bytes varz_out_msgs
    varz_out_bytes varz_subscriptions varz_slow_consumers varz_routes varz_remotes varz_leafnodes varz_max_connections
    varz_max_payload varz_max_pending varz_start varz_config_load_time varz_version varz_server_name varz_stalled_clients`,
  'boards that show connections': `
    connz_num_connections connz_total connz_pending_bytes connz_subscriptions connz_in_msgs connz_in_bytes connz_out_msgs
    connz_out_bytes`,
  'boards that show subscriptions and routes': `
    subsz_num_subscriptions subsz_num_cache subsz_num_inserts subsz_num_removes subsz_num_matches subsz_cache_hit_rate
    subsz_max_fanout subsz_avg_fanout routez_num_routes`,
  'boards that show accounts': `
    accstatz_current_connections accstatz_total_connections accstatz_subscriptions accstatz_leaf_nodes
    accstatz_sent_messages accstatz_sent_bytes accstatz_received_messages accstatz_received_bytes accstatz_slow_consumers`,
  'collections of alerts': `
    varz_routes varz_mem varz_slow_consumers varz_cpu connz_num_connections connz_subscriptions connz_pending_bytes
    varz_auth_timeout varz_max_payload varz_leafnodes varz_ping_max varz_ping_interval varz_write_deadline varz_tls_timeout
    varz_max_control_line varz_stale_connections healthz_status healthz_status_value`,
};

for (const prefix of ['gnatsd', 'nats']) {
  test(`every name that boards use is there, beginning with ${prefix}`, async () => {
    const bench = await startMetrics({ prefix });
    const families = new Map(parseExposition(await bench.scrape(), 'prometheus').map((each) => [each.name, each]));
    for (const [board, names] of Object.entries(NAMES)) {
      for (const name of names.trim().split(/\s+/)) {
        const family = families.get(`${prefix}_${name}`);
        assert.ok(family !== undefined && family.samples.length > 0, `${name}, which ${board} show`);
        assert.is(family.type, 'gauge', name);
        for (const { labels } of family.samples) {
          assert.is(labels.server_id, bench.broker.identity.id, name);
          assert.is(labels.server_name, bench.broker.name, name);
        }
      }
    }
    await bench.close();
  });
}

test.run();
