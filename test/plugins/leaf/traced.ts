/** A message that asks to be followed across the servers of a cluster and their leafs: what each of them reports. */
import * as assert from 'uvu/assert';
import { until } from '../../kits/until.ts';
import { clientOf, type Node, settled, untilHeard } from '../route/nodes.ts';
import type { RawClient } from '../running-server.ts';
import { type Add, addNode, clusterText, type Programs } from './clustered.ts';
import { hubText, type LeafNode, spokeText } from './nodes.ts';

const ACCOUNTS = `
accounts {
  APP {
    users: [{user: app, password: app}]
    msg_trace: {dest: "parents", sampling: 100}
    imports: [{service: {account: SVC, subject: open}}, {service: {account: SVC, subject: shut}}, {stream: {account: SVC, subject: news}, allow_trace: true}]
    mappings { old: new }
  }
  SVC {
    users: [{user: svc, password: svc}]
    exports: [{service: open, allow_trace: true}, {service: shut}, {stream: news}]
  }
}
no_auth_user: app
`;
/** A leaf has no part in what its hub's accounts share. */
const OWN = `
accounts { APP { users: [{user: app, password: app}], msg_trace: {dest: "parents", sampling: 100} } }
no_auth_user: app
`;
const PARENT = 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

interface Event {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** What one server said, without what differs from run to run. */
interface Report {
  readonly hop: string;
  readonly events: string;
}

export interface Tree {
  readonly a: LeafNode;
  readonly b: LeafNode;
  readonly leaf: LeafNode;
}

async function treeOf(add: Add, { a: first, b: second, leaf: third }: Programs): Promise<Tree> {
  const a = await addNode(add, 'A', `${ACCOUNTS}\n${clusterText('HUBS')}\n${hubText()}`, first);
  const b = await addNode(add, 'B', `${ACCOUNTS}\n${clusterText('HUBS', [a])}\n${hubText()}`, second);
  const leaf = await addNode(add, 'leaf', `${OWN}\n${remoteText(a)}`, third);
  return { a, b, leaf };
}

function remoteText(hub: LeafNode): string {
  return spokeText(hub, 'account: APP', 'app:app@');
}

export function headed(subject: string, fields: readonly string[], body = 'hi', reply = ''): string {
  const header = `NATS/1.0\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
  const address = reply === '' ? subject : `${subject} ${reply}`;
  return `HPUB ${address} ${header.length} ${header.length + body.length}\r\n${header}${body}\r\n`;
}

/** Publishes and waits for as many reports, by the name of the server. */
async function traced(publisher: RawClient, reader: RawClient, bytes: string, count: number) {
  reader.text = '';
  publisher.send(bytes);
  const found = (): string[] => reader.text.match(/^\{"server":.*\}\r$/gm) ?? [];
  await until(() => found().length >= count);
  await settled(publisher, reader);
  const reports = found().map((text) => JSON.parse(text) as ReportBody);
  return Object.fromEntries(reports.map((report) => [report.server.name, shortened(report)]));
}

interface ReportBody {
  readonly server: { readonly name: string };
  readonly request: { readonly header: Readonly<Record<string, readonly string[]>> };
  readonly events: readonly Event[];
}

function shortened({ request, events }: ReportBody): Report {
  const hop = request.header['Nats-Trace-Hop']?.[0] ?? '';
  return { hop, events: events.map(eventText).join(', ') };
}

const SHOWN = ['kind', 'name', 'hop', 'acc', 'subj', 'sub', 'queue', 'from', 'to', 'error'];

function eventText(event: Event): string {
  const facts = SHOWN.filter((key) => event[key] !== undefined).map((key) => String(event[key]));
  return [event.type, ...facts].join(' ');
}

async function readerOf(node: Node, others: readonly RawClient[], subject: string): Promise<RawClient> {
  const reader = await clientOf(node);
  reader.send(`SUB ${subject} 9\r\n`);
  for (const other of others) await untilHeard(other, reader, subject);
  return reader;
}

type Story = (add: Add, programs: Programs) => Promise<void>;

export const TRACE_STORIES: Readonly<Record<string, Story>> = {
  'each server a traced message passes says what became of it there': async (add, programs) => {
    const tree = await treeOf(add, programs);
    const [a, b, leaf] = [await clientOf(tree.a), await clientOf(tree.b), await clientOf(tree.leaf)];
    b.send('SUB x.* 1\r\n');
    leaf.send('SUB x.* 2\r\n');
    await untilHeard(leaf, b, 'x.y');
    await untilHeard(b, leaf, 'x.y');
    const reader = await readerOf(tree.a, [b, leaf], 'trace');
    const message = headed('x.y', ['Nats-Trace-Dest: trace']);
    assert.equal(await traced(b, reader, message, 3), {
      A: { hop: '1', events: 'in 1 B APP x.y, eg 4 leaf 1.1' },
      B: { hop: '', events: 'in 0 APP x.y, eg 0 x.*, eg 1 A 1' },
      leaf: { hop: '1.1', events: 'in 4 A APP x.y, eg 0 x.*' },
    });
    assert.equal(await traced(leaf, reader, message, 3), {
      A: { hop: '1', events: 'in 4 leaf APP x.y, eg 1 B 1.1' },
      B: { hop: '1.1', events: 'in 1 A APP x.y, eg 0 x.*' },
      leaf: { hop: '', events: 'in 0 APP x.y, eg 0 x.*, eg 4 A 1' },
    });
    const fromA = await traced(a, reader, message, 3);
    assert.equal([fromA.B!.hop, fromA.leaf!.hop].sort(), ['1', '2']);
    await leaf.until(/HMSG x\.y 2 [\s\S]*Nats-Trace-Hop: [12]\r\n/);
  },

  'a message that is only traced reaches nobody on any server': async (add, programs) => {
    const tree = await treeOf(add, programs);
    const [b, leaf] = [await clientOf(tree.b), await clientOf(tree.leaf)];
    leaf.send('SUB x 1\r\nSUB x group 2\r\n');
    await untilHeard(b, leaf, 'x');
    const reader = await readerOf(tree.leaf, [b], 'trace');
    const reports = await traced(b, reader, headed('x', ['Nats-Trace-Dest: trace', 'Nats-Trace-Only: on']), 3);
    assert.equal(Object.keys(reports).sort(), ['A', 'B', 'leaf']);
    assert.is(reports.leaf!.events, 'in 4 A APP x, eg 0 x, eg 0 x group');
    b.send('PUB x 3\r\nend\r\n');
    await leaf.until(/MSG x 1 3\r\nend/);
    assert.not.match(leaf.text, 'hi\r\n');
  },

  'traces of other systems are followed everywhere, if the account has a place for them': async (add, programs) => {
    const tree = await treeOf(add, programs);
    const [b, leaf] = [await clientOf(tree.b), await clientOf(tree.leaf)];
    b.send('SUB x 1\r\n');
    await untilHeard(leaf, b, 'x');
    const reader = await readerOf(tree.b, [leaf], 'parents');
    assert.equal(await traced(leaf, reader, headed('x', [PARENT]), 3), {
      A: { hop: '1', events: 'in 4 leaf APP x, eg 1 B 1.1' },
      B: { hop: '1.1', events: 'in 1 A APP x, eg 0 x' },
      leaf: { hop: '', events: 'in 0 APP x, eg 4 A 1' },
    });
  },

  'a name given by a hub shows in its report, and the servers behind it go by that name': async (add, programs) => {
    const tree = await treeOf(add, programs);
    const [b, leaf] = [await clientOf(tree.b), await clientOf(tree.leaf)];
    b.send('SUB new 1\r\n');
    await untilHeard(leaf, b, 'new');
    const reader = await readerOf(tree.b, [leaf], 'trace');
    const message = headed('old', ['Nats-Trace-Dest: trace']);
    await until(async () => {
      leaf.send('PUB old 2\r\nup\r\n');
      await settled(leaf, b);
      return b.text.includes('up\r\n');
    });
    assert.equal(await traced(leaf, reader, message, 3), {
      A: { hop: '1', events: 'in 4 leaf APP old, sm new, eg 1 B 1.1' },
      B: { hop: '1.1', events: 'in 1 A APP new, eg 0 new' },
      leaf: { hop: '', events: 'in 0 APP old, eg 4 A 1' },
    });
  },

  'the trace of a request follows it to a service on another server, where the export allows that': async (
    add,
    programs,
  ) => {
    const tree = await treeOf(add, programs);
    const [asker, answerer] = [await clientOf(tree.a), await clientOf(tree.b, 'svc')];
    answerer.send('SUB open 1\r\nSUB shut 2\r\n');
    await until(async () => {
      asker.send('PUB open 1\r\n?\r\nPUB shut 1\r\n?\r\n');
      await settled(asker, answerer);
      return answerer.text.includes(' open 1 ') && answerer.text.includes(' shut 2 ');
    });
    const reader = await readerOf(tree.a, [], 'trace');
    // The way back for reports is made with the first one, and may not be known everywhere at once.
    await until(async () => {
      asker.send(headed('open', ['Nats-Trace-Dest: trace']));
      await settled(asker, answerer, reader);
      return /^\{"server":\{"name":"B"/m.test(reader.text);
    });
    assert.equal(await traced(asker, reader, headed('open', ['Nats-Trace-Dest: trace']), 2), {
      A: { hop: '', events: 'in 0 APP open, si SVC open open, eg 1 B 1' },
      B: { hop: '1', events: 'in 1 A SVC open, eg 0 open' },
    });
    assert.equal(await traced(asker, reader, headed('shut', ['Nats-Trace-Dest: trace']), 1), {
      A: { hop: '', events: 'in 0 APP shut, si SVC shut shut' },
    });
    await answerer.until(/HMSG shut 2 [\s\S]*Nats-Trace-Dest: trace disabled\r\n/);
  },
};
