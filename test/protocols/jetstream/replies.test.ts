/** Answers, byte for byte as nats-server 2.15 gives them. */
import { Buffer } from 'node:buffer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { UNLIMITED_TIER } from '../../../protocols/jetstream/account-limits.ts';
import {
  consumerAction,
  maxDeliveries,
  messageTerminated,
  streamAction,
} from '../../../protocols/jetstream/advisories.ts';
import { apiError } from '../../../protocols/jetstream/api-error.ts';
import type { ConsumerConfig } from '../../../protocols/jetstream/consumer-config.ts';
import { consumerInfo } from '../../../protocols/jetstream/consumer-info.ts';
import { placeFields, withFields } from '../../../protocols/jetstream/message-header.ts';
import {
  accountInfoReply,
  clampOffset,
  consumerNamesReply,
  messageGetReply,
  pauseReply,
  printDone,
  printEmpty,
  printErrorReply,
  printReply,
  printSystemError,
  purgeReply,
  streamCreateReply,
  streamInfoReply,
  streamNamesReply,
} from '../../../protocols/jetstream/replies.ts';
import { type StreamConfig, withServerStamps } from '../../../protocols/jetstream/stream-config.ts';
import { streamInfo } from '../../../protocols/jetstream/stream-info.ts';
import { ZERO_NANOS } from '../../../protocols/jetstream/timestamp.ts';
import { judgeConsumerCreate, judgeStreamCreate } from './judge.ts';

const SERVER = { version: '2.15.0', level: 5 };
const AT = 1_767_323_045_000_000_001n;
const TYPE = 'io.nats.jetstream.api.v1.';

function orders(): StreamConfig {
  const made = judgeStreamCreate('ORDERS', '{"name":"ORDERS","subjects":["orders.>"]}', new Map());
  return withServerStamps(made as StreamConfig, SERVER);
}

const CONFIG =
  '{"name":"ORDERS","subjects":["orders.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"5","_nats.req.level":"0","_nats.ver":"2.15.0"}}';
const STATE =
  '{"messages":0,"bytes":0,"first_seq":0,"first_ts":"0001-01-01T00:00:00Z","last_seq":0,"last_ts":"0001-01-01T00:00:00Z","consumer_count":0}';

test('a stream that was made is told with its configuration, its state and the time', () => {
  const info = { ...streamCreateReply.zero(), config: orders(), created: AT, time: AT, didCreate: true };
  assert.is(
    printReply('STREAM.CREATE', streamCreateReply, info),
    `{"type":"${TYPE}stream_create_response","config":${CONFIG},"created":"2026-01-02T03:04:05.000000001Z","state":${STATE},"ts":"2026-01-02T03:04:05.000000001Z","did_create":true}`,
  );
});

test('information of a stream begins with its page', () => {
  const info = {
    ...streamInfoReply.zero(),
    total: 1,
    limit: 100_000,
    config: orders(),
    created: AT,
    time: AT,
    state: {
      ...streamInfo.zero().state,
      messages: 2,
      subjects: new Map([
        ['b', 1],
        ['a', 1],
      ]),
      deleted: [2],
      deletedCount: 1,
    },
  };
  const printed = printReply('STREAM.INFO', streamInfoReply, info);
  assert.match(printed, `{"type":"${TYPE}stream_info_response","total":1,"offset":0,"limit":100000,"config":`);
  assert.match(printed, '"subjects":{"a":1,"b":1},"num_deleted":1,"deleted":[2],"consumer_count":0}');
});

test('answers that refuse keep the fields that clients look for', () => {
  const table = [
    ['STREAM.INFO', ',"total":0,"offset":0,"limit":0}'],
    ['STREAM.NAMES', ',"total":0,"offset":0,"limit":0,"streams":null}'],
    ['STREAM.PURGE', ',"purged":0}'],
    ['CONSUMER.LIST', ',"total":0,"offset":0,"limit":0,"consumers":[]}'],
    ['CONSUMER.PAUSE', ',"paused":false,"pause_until":"0001-01-01T00:00:00Z"}'],
    ['CONSUMER.RESET', ',"reset_seq":0}'],
    ['STREAM.RESTORE', ',"deliver_subject":""}'],
    ['STREAM.DELETE', '}'],
  ] as const;
  for (const [endpoint, tail] of table) {
    const printed = printErrorReply(endpoint, apiError(10059));
    assert.ok(
      printed.endsWith(`"error":{"code":404,"err_code":10059,"description":"stream not found"}${tail}`),
      printed,
    );
  }
  assert.is(
    printSystemError(apiError(10039)),
    `{"type":"${TYPE}system_response","error":{"code":503,"err_code":10039,"description":"JetStream not enabled for account"}}`,
  );
});

test('small answers', () => {
  const names = { total: 0, offset: 0, limit: 1024, streams: [] };
  assert.is(
    printReply('STREAM.NAMES', streamNamesReply, names),
    `{"type":"${TYPE}stream_names_response","total":0,"offset":0,"limit":1024,"streams":null}`,
  );
  assert.is(
    printReply('CONSUMER.NAMES', consumerNamesReply, { total: 1, offset: 0, limit: 1024, consumers: ['C'] }),
    `{"type":"${TYPE}consumer_names_response","total":1,"offset":0,"limit":1024,"consumers":["C"]}`,
  );
  assert.is(printDone('STREAM.DELETE'), `{"type":"${TYPE}stream_delete_response","success":true}`);
  assert.is(printEmpty('CONSUMER.UNPIN'), `{"type":"${TYPE}consumer_unpin_response"}`);
  assert.is(
    printReply('STREAM.PURGE', purgeReply, { success: true, purged: 0 }),
    `{"type":"${TYPE}stream_purge_response","success":true,"purged":0}`,
  );
  assert.is(
    printReply('CONSUMER.PAUSE', pauseReply, { paused: false, pauseUntil: ZERO_NANOS, pauseRemaining: 0n }),
    `{"type":"${TYPE}consumer_pause_response","paused":false,"pause_until":"0001-01-01T00:00:00Z"}`,
  );
  const message = {
    subject: 'orders.1',
    sequence: 1,
    header: Buffer.from('NATS/1.0\r\na: b\r\n\r\n'),
    data: Buffer.from('hello'),
    time: AT,
  };
  assert.is(
    printReply('STREAM.MSG.GET', messageGetReply, { message }),
    `{"type":"${TYPE}stream_msg_get_response","message":{"subject":"orders.1","seq":1,"hdrs":"TkFUUy8xLjANCmE6IGINCg0K","data":"aGVsbG8=","time":"2026-01-02T03:04:05.000000001Z"}}`,
  );
  assert.is(clampOffset(-5, 3), 0);
  assert.is(clampOffset(9, 3), 3);
});

test('an account is told what it uses and may use', () => {
  const info = {
    ...accountInfoReply.zero(),
    streams: 1,
    limits: UNLIMITED_TIER,
    api: { level: 5, total: 2, errors: 0, inflight: 0 },
  };
  assert.is(
    printReply('INFO', accountInfoReply, info),
    `{"type":"${TYPE}account_info_response","memory":0,"storage":0,"reserved_memory":0,"reserved_storage":0,"streams":1,"consumers":0,"limits":{"max_memory":-1,"max_storage":-1,"max_streams":-1,"max_consumers":-1,"max_ack_pending":-1,"memory_max_stream_bytes":-1,"storage_max_stream_bytes":-1,"max_bytes_required":false},"api":{"level":5,"total":2,"errors":0}}`,
  );
});

test('a consumer is told with what it delivered and what waits', () => {
  const config = judgeConsumerCreate(
    orders(),
    '{"stream_name":"ORDERS","config":{"name":"C","ack_policy":"explicit"}}',
  );
  const info = {
    ...consumerInfo.zero(),
    stream: 'ORDERS',
    name: 'C',
    created: AT,
    time: AT,
    config: withServerStamps(config as ConsumerConfig, SERVER),
    pending: 2,
  };
  assert.is(
    consumerInfo.print(info),
    '{"stream_name":"ORDERS","name":"C","created":"2026-01-02T03:04:05.000000001Z","config":{"name":"C","deliver_policy":"all","ack_policy":"explicit","ack_wait":30000000000,"max_deliver":-1,"replay_policy":"instant","max_waiting":512,"max_ack_pending":1000,"inactive_threshold":5000000000,"num_replicas":0,"metadata":{"_nats.level":"5","_nats.req.level":"0","_nats.ver":"2.15.0"}},"delivered":{"consumer_seq":0,"stream_seq":0},"ack_floor":{"consumer_seq":0,"stream_seq":0},"num_ack_pending":0,"num_redelivered":0,"num_waiting":0,"num_pending":2,"ts":"2026-01-02T03:04:05.000000001Z"}',
  );
});

test('advisories say what happened, to what, and when', () => {
  const head = { id: 'ID', time: AT, domain: '' };
  const begin = (type: string): string =>
    `{"type":"io.nats.jetstream.advisory.v1.${type}","id":"ID","timestamp":"2026-01-02T03:04:05.000000001Z"`;
  assert.equal(streamAction(head, 'create', 'S'), {
    subject: '$JS.EVENT.ADVISORY.STREAM.CREATED.S',
    body: `${begin('stream_action')},"stream":"S","action":"create"}`,
  });
  assert.equal(consumerAction({ ...head, domain: 'hub' }, 'delete', 'S', 'C'), {
    subject: '$JS.EVENT.ADVISORY.CONSUMER.DELETED.S.C',
    body: `${begin('consumer_action')},"stream":"S","consumer":"C","action":"delete","domain":"hub"}`,
  });
  const place = { stream: 'S', consumer: 'C', consumerSequence: 4, streamSequence: 1, deliveries: 3 };
  assert.is(
    maxDeliveries(head, place).body,
    `${begin('max_deliver')},"stream":"S","consumer":"C","stream_seq":1,"deliveries":3}`,
  );
  assert.is(
    messageTerminated(head, place, 'no use').body,
    `${begin('terminated')},"stream":"S","consumer":"C","consumer_seq":4,"stream_seq":1,"deliveries":3,"reason":"no use"}`,
  );
});

test('a message that is read directly says where it lies', () => {
  const fields = placeFields({ stream: 'S', subject: 'a.b', sequence: 7, time: AT });
  assert.is(
    withFields(Buffer.alloc(0), fields).toString(),
    'NATS/1.0\r\nNats-Stream: S\r\nNats-Subject: a.b\r\nNats-Sequence: 7\r\nNats-Time-Stamp: 2026-01-02T03:04:05.000000001Z\r\n\r\n',
  );
});

test.run();
