/** Accounts of hubs and leafs, and what they share: whichever servers these are. */
import * as assert from 'uvu/assert';
import { until } from '../../kits/until.ts';
import { bodiesIn, clientOf, settled, untilHeard } from '../route/nodes.ts';
import { type Add, addNode } from './clustered.ts';
import { hubText, type LeafNode } from './nodes.ts';

const ACCOUNTS = `
accounts {
  APP { users: [{user: app, password: app}], imports: [{service: {account: SVC, subject: echo}}, {stream: {account: SVC, subject: "ev.>"}, prefix: imp}] }
  SVC { users: [{user: svc, password: svc}], exports: [{service: echo}, {stream: "ev.>"}] }
  SYS { users: [{user: sys, password: sys}] }
}
system_account: SYS
`;

const OWN = `
accounts {
  RED { users: [{user: red, password: red}] }
  BLUE { users: [{user: blue, password: blue}] }
  SYS { users: [{user: sys, password: sys}] }
}
system_account: SYS
`;

const SHARED = `
accounts {
  SVC { users: [{user: svc, password: svc}], exports: [{service: deep}] }
  NEAR { users: [{user: near, password: near}], imports: [{service: {account: SVC, subject: deep}}] }
  OPEN { users: [{user: open, password: open}], imports: [{service: {account: SVC, subject: deep}, share: true}] }
}
`;
const SERVED = `
accounts {
  LOCAL { users: [{user: local, password: local}], imports: [{service: {account: SERVED, subject: own}}] }
  SERVED { users: [{user: served, password: served}], exports: [{service: own}] }
  SHARING { users: [{user: sharing, password: sharing}] }
}
`;

const GROUPED = `
accounts {
  APP { users: [{user: app, password: app}, {user: few, password: few, permissions: {subscribe: {deny: ["q.x g1"]}}}] }
  SYS { users: [{user: sys, password: sys}] }
}
system_account: SYS
`;

/** With a header that says which account asks. */
const ASKED = /MSG echo 1 (_R_\S+) [\d ]+\r\n[\s\S]*hi\r\n/;

type Story = (add: Add, hubProgram: string, leafProgram: string) => Promise<void>;

function remotes({ leafPort }: LeafNode, pairs: Readonly<Record<string, string>>): string {
  const entries = Object.entries(pairs).map(
    ([local, user]) => `{ url: "nats-leaf://${user}:${user}@127.0.0.1:${leafPort}", account: ${local} }`,
  );
  return `${OWN}\nleafnodes { remotes: [${entries.join(', ')}] }`;
}

export const ACCOUNT_STORIES: Readonly<Record<string, Story>> = {
  'each account of a leaf has its own hub, and they hear nothing of each other': async (
    add,
    hubProgram,
    leafProgram,
  ) => {
    const hub = await addNode(add, 'hub', `${ACCOUNTS}\n${hubText()}`, hubProgram);
    const leaf = await addNode(add, 'leaf', remotes(hub, { RED: 'app', BLUE: 'svc' }), leafProgram);
    const [app, svc] = [await clientOf(hub, 'app'), await clientOf(hub, 'svc')];
    const [red, blue] = [await clientOf(leaf, 'red'), await clientOf(leaf, 'blue')];
    for (const client of [app, svc, red, blue]) client.send('SUB color 1\r\n');
    await untilHeard(app, red, 'color');
    await untilHeard(svc, blue, 'color');
    await settled(app, svc, red, blue);
    for (const client of [app, svc, red, blue]) client.text = '';
    red.send('PUB color 3\r\nred\r\n');
    svc.send('PUB color 4\r\nblue\r\n');
    await app.until(/red\r\n/);
    await blue.until(/blue\r\n/);
    await settled(app, svc, red, blue);
    assert.equal(
      [app, red, svc, blue].map((client) => bodiesIn(client, '1')),
      [['red'], ['red'], ['blue'], ['blue']],
    );
    for (const { socket } of [app, svc, red, blue]) socket.destroy();
  },

  'a service another account of the hub exports is asked from a leaf': async (add, hubProgram, leafProgram) => {
    const hub = await addNode(add, 'hub', `${ACCOUNTS}\n${hubText()}`, hubProgram);
    const leaf = await addNode(add, 'leaf', remotes(hub, { RED: 'app' }), leafProgram);
    const [svc, red] = [await clientOf(hub, 'svc'), await clientOf(leaf, 'red')];
    svc.send('SUB echo 1\r\n');
    red.send('SUB inbox 1\r\nSUB imp.ev.> 2\r\n');
    await untilHeard(await clientOf(hub, 'app'), red, 'inbox');
    red.send('PUB echo inbox 2\r\nhi\r\n');
    await svc.until(ASKED);
    const [, reply] = ASKED.exec(svc.text)!;
    svc.send(`PUB ${reply} 2\r\nho\r\nPUB ev.x 1\r\n!\r\n`);
    await red.until(/MSG inbox 1 2\r\nho/);
    await red.until(/MSG imp\.ev\.x 2 1\r\n!/);
    assert.equal([bodiesIn(red, '1'), bodiesIn(red, '2')], [['ho'], ['!']]);
    for (const { socket } of [svc, red]) socket.destroy();
  },

  'a service of the hub is answered behind a leaf': async (add, hubProgram, leafProgram) => {
    const hub = await addNode(add, 'hub', `${ACCOUNTS}\n${hubText()}`, hubProgram);
    const leaf = await addNode(add, 'leaf', remotes(hub, { BLUE: 'svc' }), leafProgram);
    const [app, blue] = [await clientOf(hub, 'app'), await clientOf(leaf, 'blue')];
    blue.send('SUB echo 1\r\n');
    await untilHeard(await clientOf(hub, 'svc'), blue, 'echo');
    app.send('SUB inbox 1\r\nPUB echo inbox 2\r\nhi\r\n');
    await blue.until(ASKED);
    const [, reply] = ASKED.exec(blue.text)!;
    blue.send(`PUB ${reply} 2\r\nho\r\n`);
    await app.until(/MSG inbox 1 2\r\nho/);
    assert.equal(bodiesIn(app, '1'), ['ho']);
    for (const { socket } of [app, blue]) socket.destroy();
  },

  'a service and a stream of the hub go from one account of a leaf to another': async (
    add,
    hubProgram,
    leafProgram,
  ) => {
    const hub = await addNode(add, 'hub', `${ACCOUNTS}\n${hubText()}`, hubProgram);
    const leaf = await addNode(add, 'leaf', remotes(hub, { RED: 'app', BLUE: 'svc' }), leafProgram);
    const [app, svc] = [await clientOf(hub, 'app'), await clientOf(hub, 'svc')];
    const [red, blue] = [await clientOf(leaf, 'red'), await clientOf(leaf, 'blue')];
    blue.send('SUB echo 1\r\n');
    red.send('SUB inbox 1\r\nSUB imp.ev.> 2\r\n');
    await untilHeard(svc, blue, 'echo');
    await untilHeard(app, red, 'inbox');
    await untilHeard(app, red, 'imp.ev.ready');
    await settled(red, blue);
    for (const client of [red, blue]) client.text = '';
    red.send('PUB echo inbox 2\r\nhi\r\n');
    await blue.until(ASKED);
    const [, reply] = ASKED.exec(blue.text)!;
    blue.send(`PUB ${reply} 2\r\nho\r\nPUB ev.x 1\r\n!\r\n`);
    await red.until(/MSG inbox 1 2\r\nho/);
    await red.until(/MSG imp\.ev\.x 2 1\r\n!/);
    await settled(red, blue);
    assert.equal([bodiesIn(red, '1'), bodiesIn(red, '2')], [['ho'], ['!']]);
    for (const { socket } of [app, svc, red, blue]) socket.destroy();
  },

  'what is denied to one queue group of a leaf reaches all others': async (add, hubProgram, leafProgram) => {
    const hub = await addNode(add, 'hub', `${GROUPED}\n${hubText()}`, hubProgram);
    const leaf = await addNode(add, 'leaf', remotes(hub, { RED: 'few' }), leafProgram);
    const [app, red] = [await clientOf(hub, 'app'), await clientOf(leaf, 'red')];
    red.send('SUB q.x g1 1\r\nSUB q.x g2 2\r\nSUB q.x 3\r\nSUB q.* g1 5\r\nSUB after 4\r\n');
    await untilHeard(app, red, 'after');
    await settled(red);
    red.text = '';
    app.send('PUB q.x 1\r\n!\r\nPUB after 1\r\n.\r\n');
    await red.until(/MSG after 4 1\r\n\./);
    assert.equal(
      ['1', '2', '3', '5'].map((sid) => bodiesIn(red, sid)),
      [[], ['!'], ['!'], []],
    );
    for (const { socket } of [app, red]) socket.destroy();
  },

  'with the system account of both joined, each hears of the other': async (add, hubProgram, leafProgram) => {
    const hub = await addNode(add, 'hub', `${ACCOUNTS}\n${hubText()}`, hubProgram);
    const leaf = await addNode(add, 'leaf', remotes(hub, { SYS: 'sys' }), leafProgram);
    const [near, far] = [await clientOf(hub, 'sys'), await clientOf(leaf, 'sys')];
    near.send('SUB inbox 1\r\nSUB $SYS.ACCOUNT.RED.CONNECT 2\r\n');
    await untilHeard(far, near, 'inbox');
    near.send('PUB $SYS.REQ.SERVER.PING inbox 0\r\n\r\n');
    await near.until(/"name":"hub"[\s\S]*"name":"leaf"|"name":"leaf"[\s\S]*"name":"hub"/);
    const red = await clientOf(leaf, 'red');
    await near.until(/MSG \$SYS\.ACCOUNT\.RED\.CONNECT 2 /);
    for (const { socket } of [near, far, red]) socket.destroy();
  },

  'whoever asks a service of the hub is told of by the account it has there': async (add, hubProgram, leafProgram) => {
    const hub = await addNode(add, 'hub', `${SHARED}\n${hubText()}`, hubProgram);
    const pairs = { LOCAL: 'near', SERVED: 'svc', SHARING: 'open' };
    const entries = Object.entries(pairs).map(
      ([local, user]) => `{ url: "nats-leaf://${user}:${user}@127.0.0.1:${hub.leafPort}", account: ${local} }`,
    );
    const remotesText = `leafnodes { remotes: [${entries.join(', ')}] }`;
    const leaf = await addNode(add, 'leaf', `${SERVED}\n${remotesText}`, leafProgram);
    const [asker, open] = [await clientOf(leaf, 'local'), await clientOf(leaf, 'sharing')];
    const answerer = await clientOf(hub, 'svc');
    answerer.send('SUB own 1\r\nSUB deep 2\r\n');
    const told = async (client: typeof asker, subject: string): Promise<Record<string, unknown>> => {
      await until(async () => {
        answerer.text = '';
        client.send(`PUB ${subject} inbox 2\r\nhi\r\n`);
        await settled(client, answerer);
        return answerer.text.includes('Nats-Request-Info: ');
      });
      const [, json = ''] = /Nats-Request-Info: (\{.*\})\r\n/.exec(answerer.text)!;
      const { rtt, start, host, id, ver, ...facts } = JSON.parse(json) as Record<string, unknown>;
      return facts;
    };
    assert.equal(await told(asker, 'own'), { acc: 'NEAR' }, 'asked at the leaf, in the name of an account there');
    assert.equal(await told(asker, 'deep'), { acc: 'NEAR' }, 'asked at the hub, by a leaf');
    assert.equal(await told(open, 'deep'), {
      acc: 'OPEN',
      user: 'open',
      name: 'leaf',
      server: 'leaf',
      kind: 'Leafnode',
    });
  },
};
