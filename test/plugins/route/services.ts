/** Services across a cluster: what the responder learns of who asks, and how long it took, whichever servers these are. */
import * as assert from 'uvu/assert';
import { until } from '../../kits/until.ts';
import type { RawClient } from '../running-server.ts';
import { clientOf, type Node, settled, startNode } from './nodes.ts';

const ACCOUNTS = `
accounts {
  APP {
    users: [{user: app, password: app}]
    imports: [{service: {account: SVC, subject: told}}, {service: {account: SVC, subject: shared}, share: true}]
  }
  SVC {
    users: [{user: svc, password: svc}]
    exports: [{service: told, latency: {subject: latency.told, sampling: 100}}, {service: shared, latency: latency.shared}]
  }
  SYS { users: [{user: sys, password: sys}] }
}
system_account: SYS
`;

type Add = (node: Promise<Node>) => Promise<Node>;
type Facts = Readonly<Record<string, unknown>>;

interface Scene {
  readonly asker: RawClient;
  readonly answerer: RawClient;
  /** Listens for figures, at the server of the responder. */
  readonly listener: RawClient;
}

async function sceneOf(add: Add, first: string, second: string): Promise<Scene> {
  const a = await add(startNode('A', { text: ACCOUNTS }, first));
  const b = await add(startNode('B', { text: ACCOUNTS, routes: [a.clusterPort] }, second));
  const [asker, answerer, listener] = [await clientOf(a, 'app'), await clientOf(b, 'svc'), await clientOf(b, 'svc')];
  const operator = await clientOf(b, 'sys');
  answerer.send('SUB told 1\r\nSUB shared 2\r\n');
  listener.send('SUB latency.* 1\r\n');
  asker.send('SUB inbox 1\r\n');
  // Until the servers know all that there is to know, the other half may not come.
  await until(async () => {
    for (const subject of ['told', 'shared']) asker.send(`PUB ${subject} inbox 5\r\nprobe\r\n`);
    await settled(asker, answerer);
    for (const [, reply] of answerer.text.matchAll(/HMSG \S+ \d (\S+) /g)) answerer.send(`PUB ${reply} 0\r\n\r\n`);
    answerer.text = '';
    await settled(answerer, asker, listener, operator);
    return ['told', 'shared'].every((subject) =>
      new RegExp(`MSG latency\\.${subject} [^"]*.*"responder":`).test(listener.text),
    );
  });
  await settled(asker, answerer, listener);
  for (const client of [asker, answerer, listener]) client.text = '';
  return { asker, answerer, listener };
}

async function askedOf({ asker, answerer }: Scene, subject: string): Promise<{ info: Facts; reply: string }> {
  asker.send(`PUB ${subject} inbox 4\r\nreal\r\n`);
  const pattern = new RegExp(
    `HMSG ${subject} \\d (\\S+) [\\d ]+\\r\\nNATS/1\\.0\\r\\nNats-Request-Info: (\\{.*\\})\\r\\n\\r\\nreal`,
  );
  const [, reply = '', info = ''] = await answerer.until(pattern);
  return { info: JSON.parse(info) as Facts, reply };
}

/** What is the same each time. */
function steady(facts: Facts): Facts {
  const { start, id, host, rtt, ...rest } = facts;
  assert.type(rtt, 'number');
  return rest;
}

async function figuresIn({ listener }: Scene, subject: string): Promise<Facts> {
  const found = (): string[] =>
    [...listener.text.matchAll(new RegExp(`MSG latency\\.${subject} [^\\r]*\\r\\n(\\{.*\\})\\r\\n`, 'g'))].map(
      ([, json = '']) => json,
    );
  await until(() => found().length > 0);
  return JSON.parse(found().at(-1)!) as Facts;
}

const ASKER = { acc: 'APP', user: 'app', server: 'A', cluster: 'C', kind: 'Client', client_type: 'nats' };
const ANSWERER = { acc: 'SVC', user: 'svc', server: 'B', cluster: 'C', kind: 'Client', client_type: 'nats' };
const PAUSE_MS = 50;

type Story = (add: Add, first: string, second: string) => Promise<void>;

export const SERVICE_STORIES: Readonly<Record<string, Story>> = {
  'a responder on another server learns who asks, and all of it where the import shares that': async (
    add,
    first,
    second,
  ) => {
    const scene = await sceneOf(add, first, second);
    assert.equal(steady((await askedOf(scene, 'told')).info), { acc: 'APP' });
    assert.equal(steady((await askedOf(scene, 'shared')).info), ASKER);
  },

  'how long a service on another server takes is put together from both halves': async (add, first, second) => {
    const scene = await sceneOf(add, first, second);
    for (const subject of ['told', 'shared']) {
      const { reply } = await askedOf(scene, subject);
      assert.match(reply, /^_R_\.\w{6}\.\w{6}\.NUmM6cRx\.T$/);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      scene.answerer.send(`PUB ${reply} 2\r\nok\r\n`);
      const figures = await figuresIn(scene, subject);
      assert.equal([figures.type, figures.status], ['io.nats.server.metric.v1.service_latency', 200]);
      assert.equal(steady(figures.requestor as Facts), subject === 'told' ? { acc: 'APP' } : ASKER);
      assert.equal(steady(figures.responder as Facts), ANSWERER);
      const { service, system, total } = figures as { service: number; system: number; total: number };
      assert.ok(service > (PAUSE_MS / 2) * 1e6 && system >= 0 && total >= service + system, JSON.stringify(figures));
      scene.answerer.text = '';
      scene.listener.text = '';
    }
  },
};
