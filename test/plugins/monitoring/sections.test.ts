import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { definePlugin } from '../../../kernel/plugin-api.ts';
import type { MonitorSection } from '../../../plugins/monitoring/contract.ts';
import { withMonitor } from './monitored-server.ts';

function sectionPlugin(section: MonitorSection) {
  return definePlugin({
    name: 'sections',
    version: '1.0.0',
    api: [1],
    provides: [{ name: 'monitor.section', cardinality: 'chain' }],
    register: (ctx) => void ctx.provide('monitor.section', section),
  });
}

function* rows(): Iterable<object> {
  yield { rid: 1 };
  yield { rid: 2 };
}

test('another plugin adds endpoints, and takes the place of those that say it is not there', () =>
  withMonitor(
    '',
    async ({ get, fetch }) => {
      assert.equal((await get('/routez?n=7')).routes, [{ rid: 1 }, { rid: 2 }]);
      assert.is((await get('/routez?n=7')).n, 7);
      assert.is((await fetch('/routez?n=x')).status, 400);
      const extra = await fetch('/extraz');
      assert.equal([extra.status, await extra.text()], [404, 'nothing to show']);
      assert.match(await (await fetch('/')).text(), 'href="./extraz"');
      assert.equal((await get('/varz')).http_req_stats, { '/': 1, '/routez': 3, '/varz': 1 });
    },
    [
      sectionPlugin({
        endpoints: [
          {
            path: '/routez',
            title: 'Routes',
            countedAs: '/routez',
            answer: (query) => ({ json: { n: query.integer('n'), routes: rows() } }),
          },
          { path: '/extraz', title: 'Extra', answer: () => ({ text: 'nothing to show', status: 404 }) },
        ],
      }),
    ],
  ));

test('another plugin adds to what is said of the server, its connections and its accounts', () =>
  withMonitor(
    '',
    async ({ get, rows: list, client }) => {
      await client();
      const varz = await get('/varz');
      assert.equal([varz.routes, varz.cluster], [4, { name: 'c' }]);
      const keys = Object.keys(varz);
      assert.is(keys.indexOf('cluster') + 1, keys.indexOf('gateway'), 'a key keeps its place');
      assert.is(keys.indexOf('tls_required') + 1, keys.indexOf('max_connections'));
      const [shown] = await list('/connz?mqtt_client=m');
      assert.equal([shown!.mqtt_client, shown!.stalls], ['m', 3]);
      assert.equal(await list('/connz?mqtt_client=other'), []);
      const detail = (await get('/accountz?acc=$G')).account_detail as Record<string, unknown>;
      assert.equal([detail.jetstream_enabled, detail.exports], [true, [{ subject: 'x' }]]);
      const [, account] = (await get('/accstatz')).account_statz as Record<string, unknown>[];
      assert.equal([account!.leafnodes, account!.total_conns], [2, 3]);
    },
    [
      sectionPlugin({
        varz: () => ({ routes: 4, cluster: { name: 'c' }, tls_required: true }),
        connection: () => ({ mqtt_client: 'm', stalls: 3 }),
        account: () => ({ jetstream_enabled: true, exports: [{ subject: 'x' }] }),
        accountStatistics: () => ({ leafnodes: 2 }),
      }),
    ],
  ));

test('what ails another plugin ails the server', () =>
  withMonitor(
    '',
    async ({ fetch }) => {
      const plain = await fetch('/healthz');
      assert.equal([plain.status, await plain.text()], [503, '{"status":"unavailable","error":"one"}']);
      const detailed = (await (await fetch('/healthz?details=1')).json()) as object;
      const errors = [
        { type: 'STREAM', account: 'A', stream: 'S', error: 'one' },
        { type: 'CONSUMER', error: 'two' },
      ];
      assert.equal(detailed, { status: 'error', errors });
    },
    [
      sectionPlugin({
        health: async () => [
          { type: 'STREAM', account: 'A', stream: 'S', error: 'one' },
          { type: 'CONSUMER', error: 'two', code: 404 },
        ],
      }),
    ],
  ));

test('an endpoint of another plugin that fails is answered with 500, and the log names it', () =>
  withMonitor(
    '',
    async ({ fetch, log }) => {
      assert.is((await fetch('/badz')).status, 500);
      assert.ok(log.some((line) => line === 'error monitoring: /badz: Error: broken'));
      assert.is((await fetch('/varz')).status, 200);
    },
    [
      sectionPlugin({
        endpoints: [
          {
            path: '/badz',
            answer: () => {
              throw new Error('broken');
            },
          },
        ],
      }),
    ],
  ));

test.run();
