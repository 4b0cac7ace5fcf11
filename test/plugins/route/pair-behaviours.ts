/** What clients of two servers of a cluster see, whichever servers these are. */
import * as assert from 'uvu/assert';
import { until } from '../../kits/until.ts';
import type { RawClient } from '../running-server.ts';
import { bodiesIn, clientOf, type Node, settled, untilHeard } from './nodes.ts';

export const ACCOUNTS = `
accounts {
  APP { users: [{user: app, password: app}], imports: [{service: {account: SVC, subject: echo}}, {stream: {account: SVC, subject: "ev.>"}, prefix: imp}] }
  SVC { users: [{user: svc, password: svc}], exports: [{service: echo}, {stream: "ev.>"}] }
  SYS { users: [{user: sys, password: sys}] }
}
system_account: SYS
no_auth_user: app
`;

type Behaviour = (one: Node, other: Node) => Promise<void>;

async function pairOf(one: Node, other: Node): Promise<[RawClient, RawClient]> {
  return [await clientOf(one), await clientOf(other)];
}

async function heardBy(client: RawClient, pattern: RegExp): Promise<void> {
  await client.until(pattern);
}

function closeAll(...clients: RawClient[]): void {
  for (const client of clients) client.socket.destroy();
}

export const PAIR_BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  'a message reaches subscribers on the other server once': async (one, other) => {
    const [near, far] = await pairOf(one, other);
    far.send('SUB a.* 1\r\nSUB a.b 2\r\n');
    await untilHeard(near, far, 'a.b');
    near.send('PUB a.b some.reply 5\r\nhello\r\nPUB a.c 0\r\n\r\n');
    await heardBy(far, /MSG a\.c 1 0\r\n/);
    assert.equal([bodiesIn(far, '1').length, bodiesIn(far, '2').length], [2, 1]);
    assert.match(far.text, 'MSG a.b 2 some.reply 5\r\nhello');
    closeAll(near, far);
  },

  'headers travel along': async (one, other) => {
    const [near, far] = await pairOf(one, other);
    far.send('SUB h 1\r\n');
    await untilHeard(near, far, 'h');
    near.send('HPUB h 18 20\r\nNATS/1.0\r\nX: 1\r\n\r\nhi\r\nHPUB h r 18 18\r\nNATS/1.0\r\nX: 1\r\n\r\n\r\n');
    await heardBy(far, /HMSG h 1 r 18 18\r\n/);
    assert.match(far.text, 'HMSG h 1 18 20\r\nNATS/1.0\r\nX: 1\r\n\r\nhi\r\n');
    closeAll(near, far);
  },

  'interest that is gone is gone on the other server as well': async (one, other) => {
    const [near, far] = await pairOf(one, other);
    far.send('SUB gone 1\r\nSUB stays 2\r\n');
    await untilHeard(near, far, 'gone');
    far.send('UNSUB 1\r\n');
    await until(async () => {
      near.send('PUB gone back 0\r\n\r\n');
      near.send('SUB back 9\r\n');
      await settled(near, far);
      return near.text.includes('MSG back 9 16 16') || /HMSG back 9 \d+ \d+\r\nNATS\/1.0 503/.test(near.text);
    });
    closeAll(near, far);
  },

  'a large message arrives whole': async (one, other) => {
    const [near, far] = await pairOf(one, other);
    far.send('SUB large 1\r\n');
    await untilHeard(near, far, 'large');
    const body = 'x'.repeat(900_000);
    near.send(`PUB large ${body.length}\r\n${body}\r\nPUB large 3\r\nend\r\n`);
    await until(() => far.text.endsWith('end\r\n'));
    assert.equal(
      bodiesIn(far, '1').map(({ length }) => length),
      [900_000, 3],
    );
    closeAll(near, far);
  },

  'one member of a queue group over both servers gets each message': async (one, other) => {
    const [near, far] = await pairOf(one, other);
    far.send('SUB q.> g 1\r\nSUB q.* g 2\r\nSUB q.> h 3\r\n');
    await untilHeard(near, far, 'q.x');
    near.send('SUB q.> g 4\r\n');
    await settled(near, far);
    near.text = '';
    far.text = '';
    for (let count = 0; count < 300; count++) near.send(`PUB q.x ${String(count).length}\r\n${count}\r\n`);
    const all = (): string[] => [...bodiesIn(near, '4'), ...bodiesIn(far, '1'), ...bodiesIn(far, '2')];
    await until(async () => {
      await settled(near, far);
      return all().length >= 300 && bodiesIn(far, '3').length >= 300;
    });
    assert.is(new Set(all()).size, 300);
    assert.is(all().length, 300);
    assert.is(bodiesIn(far, '3').length, 300);
    const share = bodiesIn(near, '4').length;
    assert.ok(share > 40 && share < 180, `the one member here got ${share} of 300 that three share`);
    closeAll(near, far);
  },

  'a request is answered by a responder on the other server': async (one, other) => {
    const [near, far] = await pairOf(one, other);
    far.send('SUB ask 1\r\n');
    await untilHeard(near, far, 'ask');
    near.send('SUB _INBOX.x.* 1\r\nPUB ask _INBOX.x.1 1\r\n?\r\n');
    await heardBy(far, /MSG ask 1 _INBOX\.x\.1 1\r\n/);
    far.send('PUB _INBOX.x.1 1\r\n!\r\n');
    await heardBy(near, /MSG _INBOX\.x\.1 1 1\r\n!\r\n/);
    closeAll(near, far);
  },

  'accounts do not hear each other': async (one, other) => {
    const [near, far] = [await clientOf(one, 'app'), await clientOf(other, 'app')];
    const stranger = await clientOf(other, 'svc');
    stranger.send('SUB > 1\r\n');
    far.send('SUB own 1\r\n');
    await untilHeard(near, far, 'own');
    near.send('PUB own 1\r\n1\r\n');
    await heardBy(far, /MSG own 1 1\r\n/);
    await settled(stranger);
    assert.equal(bodiesIn(stranger, '1'), []);
    closeAll(near, far, stranger);
  },

  'a service of another account is asked across servers': async (one, other) => {
    const [asker, responder] = [await clientOf(one, 'app'), await clientOf(other, 'svc')];
    responder.send('SUB echo 1\r\n');
    asker.send('SUB _INBOX.s 1\r\n');
    await until(async () => {
      asker.send('PUB echo _INBOX.s 3\r\nreq\r\n');
      await settled(asker, responder);
      return bodiesIn(responder, '1').length > 0;
    });
    const reply = /MSG echo 1 (\S+) /.exec(responder.text)?.[1] ?? '';
    assert.match(reply, /^_R_\./);
    asker.text = '';
    responder.send(`PUB ${reply} 4\r\nresp\r\n`);
    await heardBy(asker, /MSG _INBOX\.s 1 4\r\nresp\r\n/);
    closeAll(asker, responder);
  },

  'a stream of another account is heard across servers, once': async (one, other) => {
    const [near, far] = [await clientOf(one, 'svc'), await clientOf(other, 'app')];
    far.send('SUB imp.ev.x 1\r\n');
    await until(async () => {
      near.send('PUB ev.x 5\r\nprobe\r\n');
      await settled(near, far);
      return bodiesIn(far, '1').length > 0;
    });
    await settled(near, far);
    far.text = '';
    near.send('PUB ev.x 3\r\none\r\n');
    await heardBy(far, /MSG imp\.ev\.x 1 3\r\none\r\n/);
    await settled(near, far);
    assert.equal(
      bodiesIn(far, '1').filter((body) => body === 'one'),
      ['one'],
    );
    closeAll(near, far);
  },

  'a group in an importing account and one in the exporting account each get one': async (one, other) => {
    const [near, far] = [await clientOf(one, 'svc'), await clientOf(other, 'app')];
    far.send('SUB imp.ev.q g 1\r\n');
    await until(async () => {
      near.send('PUB ev.q 5\r\nprobe\r\n');
      await settled(near, far);
      return bodiesIn(far, '1').length > 0;
    });
    await settled(near, far);
    far.text = '';
    for (let count = 0; count < 20; count++) near.send(`PUB ev.q 2\r\n${10 + count}\r\n`);
    await until(async () => {
      await settled(near, far);
      return bodiesIn(far, '1').filter((body) => body !== 'probe').length >= 20;
    });
    assert.is(new Set(bodiesIn(far, '1')).size, 20);
    closeAll(near, far);
  },
};
