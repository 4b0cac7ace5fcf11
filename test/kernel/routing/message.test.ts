import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { composed } from '../../../kernel/routing/compose.ts';

test('what is retained stays as it was when the memory it lay in is used again', () => {
  const header = Buffer.from('NATS/1.0\r\nA: b\r\n\r\n');
  const message = composed({ subject: 's', reply: 'r', header, body: 'body' });
  const kept = message.retain();
  message.bytes.fill(0);
  assert.is(kept.subject, 's');
  assert.is(kept.reply, 'r');
  assert.is(Buffer.from(kept.header).toString(), header.toString());
  assert.is(Buffer.from(kept.body).toString(), 'body');
});

test.run();
