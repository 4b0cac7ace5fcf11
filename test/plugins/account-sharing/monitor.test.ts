import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plugin } from '../../../plugins/account-sharing/index.ts';
import { withMonitor } from '../monitoring/monitored-server.ts';

const CONFIG = `accounts {
  A { exports: [
    {service: "s.>", latency: {subject: lat, sampling: headers}}
    {service: "p.*", accounts: [B, C], response: stream}
    {service: q, latency: lat}
    {stream: "st.>"}
  ] }
  B { imports: [
    {stream: {account: A, subject: "st.a.*"}, to: "x.$1"}
    {stream: {account: A, subject: "st.b"}, prefix: pp}
    {service: {account: A, subject: "s.>"}}
    {service: {account: A, subject: "p.*"}, to: "loc.*", share: true}
  ] }
  C {}
}`;

const NO = { invalid: false, share: false, tracking: false };

test('the monitor shows what an account exports', () =>
  withMonitor(
    CONFIG,
    async ({ get }) => {
      const detail = (await get('/accountz?acc=A')).account_detail as Record<string, unknown>;
      assert.equal(detail.exports, [
        {
          subject: 's.>',
          type: 'service',
          response_type: 'Singleton',
          service_latency: { sampling: 'headers', results: 'lat' },
        },
        { subject: 'p.*', type: 'service', response_type: 'Streamed', approved_accounts: ['B', 'C'] },
        {
          subject: 'q',
          type: 'service',
          response_type: 'Singleton',
          service_latency: { sampling: 100, results: 'lat' },
        },
        { subject: 'st.>', type: 'stream' },
      ]);
      assert.not('imports' in detail);
    },
    [plugin],
  ));

test('the monitor shows what an account imports', () =>
  withMonitor(
    CONFIG,
    async ({ get }) => {
      const detail = (await get('/accountz?acc=B')).account_detail as Record<string, unknown>;
      const latency = { sampling: 'headers', results: 'lat' };
      assert.equal(detail.imports, [
        { subject: 'st.a.*', account: 'A', local_subject: 'x.*', type: 'stream', ...NO },
        { subject: 'st.b', account: 'A', local_subject: 'pp.st.b', type: 'stream', ...NO },
        { subject: 's.>', account: 'A', to: 's.>', local_subject: 's.>', type: 'service', ...NO, latency },
        { subject: 'p.*', account: 'A', to: 'loc.*', local_subject: 'loc.*', type: 'service', ...NO, share: true },
      ]);
      const other = (await get('/accountz?acc=C')).account_detail as Record<string, unknown>;
      assert.not('imports' in other);
      assert.not('exports' in other);
    },
    [plugin],
  ));

test.run();
