/** A message to another server, and one from it, costs no memory. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Problems } from '../../../kernel/config/problem.ts';
import { SILENT_LOG } from '../../../kernel/log.ts';
import { Cluster } from '../../../plugins/route/cluster.ts';
import { clusterConfig } from '../../../plugins/route/config.ts';
import { Notes } from '../../../plugins/route/notes.ts';
import { BrokerBench, QUIET, TestWire } from '../../kits/broker-bench.ts';

/** A wire that reads straight into the arena, as TCP does, and forgets what is written to it. */
class FastWire extends TestWire {
  written = 0;

  override write(bytes: Uint8Array): boolean {
    this.written += bytes.length;
    return true;
  }
}

const READ = 65_536;
const HELLO =
  'CONNECT {"name":"X","cluster":"C"}\r\nINFO {"server_id":"X","server_name":"x","host":"x","port":1,"headers":true,"cluster":"C"} \r\n';

interface Case {
  /** Read again and again, from the peer or from a client. */
  readonly frame: string;
  readonly isFromPeer: boolean;
  readonly ofPeer?: string;
  readonly ofClient?: string;
}

async function bytesPerMessage({ frame, isFromPeer, ofPeer = '', ofClient = '' }: Case): Promise<[number, number]> {
  const bench = new BrokerBench();
  const { broker } = bench;
  const sources = { also: () => undefined, accounts: new Map() };
  const config = { ...clusterConfig.read(undefined, new Problems(), sources), name: 'C' };
  const notes = new Notes();
  const cluster = new Cluster({
    broker,
    config,
    log: SILENT_LOG,
    tls: null,
    notes,
    measures: null,
    ownWebSocketUrls: () => [],
  });
  const [peer, client, sender] = [new FastWire(), new FastWire(), new FastWire()];
  cluster.serve(peer, null);
  peer.input(`${HELLO}${ofPeer}`);
  for (const wire of [client, sender]) broker.listener.accept(wire);
  client.input(QUIET + ofClient);
  sender.input(QUIET);
  const source = isFromPeer ? peer : sender;
  const count = Math.floor(READ / frame.length);
  const input = Buffer.from(frame.repeat(count));
  let least = Number.POSITIVE_INFINITY;
  await bench.turn();
  const before = isFromPeer ? client.written : peer.written;
  for (let attempt = 0; attempt < 12; attempt++) {
    await bench.turn();
    const used = process.memoryUsage().heapUsed;
    for (let round = 0; round < 40; round++) {
      broker.arena.readBuffer.set(input);
      source.receiver?.onRead(input.length);
    }
    const grown = process.memoryUsage().heapUsed - used;
    if (grown >= 0) least = Math.min(least, grown / (40 * count));
  }
  const written = (isFromPeer ? client.written : peer.written) - before;
  cluster.close();
  await broker.close();
  return [least, written];
}

const BODY = '16\r\n0123456789abcdef\r\n';
const CASES: Readonly<Record<string, Case>> = {
  'to another server': { frame: `PUB foo.bar ${BODY}`, isFromPeer: false, ofPeer: 'RS+ $G foo.*\r\n' },
  'to a group there': { frame: `PUB foo.bar r ${BODY}`, isFromPeer: false, ofPeer: 'RS+ $G foo.* g 3\r\n' },
  'to groups there and everybody': {
    frame: `PUB foo.bar ${BODY}`,
    isFromPeer: false,
    ofPeer: 'RS+ $G foo.* g 3\r\nRS+ $G foo.>\r\n',
  },
  'with a header to another server': {
    frame: 'HPUB foo.bar 12 14\r\nNATS/1.0\r\n\r\nhi\r\n',
    isFromPeer: false,
    ofPeer: 'RS+ $G foo.*\r\n',
  },
  'from another server': { frame: `RMSG $G foo.bar ${BODY}`, isFromPeer: true, ofClient: 'SUB foo.* 1\r\n' },
  'from another server, for a group': {
    frame: `RMSG $G foo.bar + r g h ${BODY}`,
    isFromPeer: true,
    ofClient: 'SUB foo.* g 1\r\nSUB foo.* h 2\r\n',
  },
  'from another server, shown on another subject, with others who want it': {
    frame: `RMSG $G foo.bar $JS.ACK.S.C.1.2.3.4.5@orders.new ${BODY}`,
    isFromPeer: true,
    ofPeer: 'RS+ $G foo.*\r\n',
    ofClient: 'SUB foo.* 1\r\n',
  },
  'from another server, on subjects that change': {
    frame: `RMSG $G foo.a ${BODY}RMSG $G foo.b ${BODY}`,
    isFromPeer: true,
    ofClient: 'SUB foo.* 1\r\n',
  },
};

for (const [what, one] of Object.entries(CASES)) {
  test(`a message ${what} allocates nothing on the heap`, async () => {
    const [bytes, written] = await bytesPerMessage(one);
    assert.ok(written > 1_000_000, `the messages did arrive: ${written} bytes`);
    assert.ok(bytes < 2, `${bytes.toFixed(2)} bytes a message`);
  });
}

test.run();
