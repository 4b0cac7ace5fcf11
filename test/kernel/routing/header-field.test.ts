import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { composed } from '../../../kernel/routing/compose.ts';
import { withHeaderField } from '../../../kernel/routing/header-field.ts';

test('a header field takes the place of all of its name', () => {
  const header = Buffer.from('NATS/1.0\r\nA: 1\r\nB: 2\r\nA: 3\r\nAA: 4\r\n\r\n');
  const message = composed({ subject: 'x', reply: 'r', header, body: 'hi' });
  const changed = withHeaderField(message, 'A', '5');
  assert.is(Buffer.from(changed.header).toString(), 'NATS/1.0\r\nB: 2\r\nAA: 4\r\nA: 5\r\n\r\n');
  assert.equal([changed.subject, changed.reply, Buffer.from(changed.body).toString()], ['x', 'r', 'hi']);
});

test.run();
