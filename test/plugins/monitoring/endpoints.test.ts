import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { type Monitored, type Row, withMonitor } from './monitored-server.ts';

function keysOf(row: unknown): string[] {
  return Object.keys(row as object);
}

const CONNECTION_KEYS =
  'cid kind type ip port start last_activity rtt uptime idle pending_bytes in_msgs out_msgs in_bytes out_bytes subscriptions';

test('/varz shows the server, its options and its counters, in the order tools have always seen', () =>
  withMonitor('server_name: shown\nmax_subscriptions: 7\nserver_tags: [a, b]\nserver_metadata { x: y }', async (it) => {
    await it.client('SUB a 1\r\nPUB a 5\r\nhello\r\nPUB b 2\r\nhi\r\n');
    const varz = await it.get('/varz');
    assert.is(
      keysOf(varz).join(' '),
      'server_id server_name version proto go host port max_connections max_subscriptions ping_interval ping_max ' +
        'http_host http_port http_base_path https_port auth_timeout max_control_line max_payload max_pending cluster ' +
        'gateway leaf mqtt websocket jetstream tls_timeout write_deadline start now uptime mem cores gomaxprocs cpu ' +
        'connections total_connections routes remotes leafnodes in_msgs in_bytes in_client_msgs in_client_bytes ' +
        'out_msgs out_bytes out_client_msgs out_client_bytes slow_consumers stale_connections stalled_clients ' +
        'subscriptions http_req_stats config_load_time config_digest tags metadata feature_flags system_account ' +
        'slow_consumer_stats stale_connection_stats disk_io_wait_stats',
    );
    const { server_name, max_subscriptions, ping_interval, write_deadline, port, tags, metadata, jetstream } = varz;
    assert.equal(
      { server_name, max_subscriptions, ping_interval, write_deadline, port, tags, metadata, jetstream },
      {
        server_name: 'shown',
        max_subscriptions: 7,
        ping_interval: 120_000_000_000,
        write_deadline: 10_000_000_000,
        port: it.port,
        tags: ['a', 'b'],
        metadata: { x: 'y' },
        jetstream: {},
      },
    );
    const { connections, total_connections, in_msgs, in_bytes, out_msgs, out_bytes, subscriptions } = varz;
    assert.equal(
      { connections, total_connections, in_msgs, in_bytes, out_msgs, out_bytes, subscriptions },
      { connections: 1, total_connections: 1, in_msgs: 2, in_bytes: 7, out_msgs: 1, out_bytes: 5, subscriptions: 1 },
    );
    assert.match(varz.config_digest as string, /^sha256:[0-9a-f]{64}$/);
    assert.ok((varz.mem as number) > 1e6);
    assert.ok((varz.cpu as number) >= 0);
  }));

test('/varz counts requests by path', () =>
  withMonitor('', async ({ fetch, get }) => {
    for (const path of ['/', '/subsz', '/subscriptionsz', '/connz', '/nothing', '//varz']) await fetch(path);
    assert.equal((await get('/varz')).http_req_stats, { '/': 1, '/connz': 1, '/subsz': 2, '/varz': 1 });
  }));

test('/connz shows who is connected and what they did', () =>
  withMonitor('', async ({ client, get }) => {
    const connect = { name: 'bob', lang: 'test', version: '1.2' };
    const { socket } = await client('SUB foo.* q 1\r\nSUB bar 2\r\nUNSUB 2 10\r\nPUB bar 5\r\nhello\r\n', connect);
    const answer = await get('/connz');
    assert.is(keysOf(answer).join(' '), 'server_id now num_connections total offset limit connections');
    const [shown] = answer.connections as [Row];
    assert.is(keysOf(shown).join(' '), `${CONNECTION_KEYS} name lang version`);
    const { kind, type, ip, port, in_msgs, out_bytes, subscriptions, name, uptime } = shown;
    assert.equal(
      { kind, type, ip, port, in_msgs, out_bytes, subscriptions, name, uptime },
      {
        kind: 'Client',
        type: 'nats',
        ip: '127.0.0.1',
        port: socket.localPort,
        in_msgs: 1,
        out_bytes: 5,
        subscriptions: 2,
        name: 'bob',
        uptime: '0s',
      },
    );
    for (const key of ['rtt', 'start', 'idle', 'last_activity']) assert.type(shown[key], 'string');
  }));

test('/connz shows subscriptions when asked, as subjects or in detail', () =>
  withMonitor('', async ({ client, rows }) => {
    await client('SUB foo.> q 1\r\nSUB bar 2\r\nUNSUB 2 10\r\nPUB bar 5\r\nhello\r\n');
    assert.equal((await rows('/connz?subs=1'))[0]!.subscriptions_list, ['foo.>', 'bar']);
    assert.equal((await rows('/connz?subs=detail'))[0]!.subscriptions_list_detail, [
      { subject: 'foo.>', qgroup: 'q', sid: '1', msgs: 0, cid: 1 },
      { subject: 'bar', sid: '2', msgs: 1, max: 10, cid: 1 },
    ]);
  }));

const USERS = 'accounts { A { users: [{user: a, password: pa}] }, B { users: [{user: b, password: pb}] } }';

test('/connz shows users and accounts only when asked, and finds connections by them', () =>
  withMonitor(
    USERS,
    async ({ client, rows, get }) => {
      await client('', { user: 'a', pass: 'pa' });
      await client('', { user: 'b', pass: 'pb' });
      assert.ok((await rows('/connz')).every((row) => !('authorized_user' in row) && !('account' in row)));
      const [first] = await rows('/connz?auth=1');
      assert.equal([first!.authorized_user, first!.account, first!.name_tag], ['a', 'A', 'A']);
      assert.is(keysOf(first).join(' '), `${CONNECTION_KEYS} authorized_user account name_tag`);
      assert.equal(
        (await rows('/connz?user=b')).map((row) => row.cid),
        [2],
      );
      const inB = await get('/connz?acc=B');
      assert.equal([inB.total, (inB.connections as Row[])[0]!.cid], [1, 2]);
      const nowhere = await get('/connz?acc=NONE');
      assert.equal([nowhere.server_id, nowhere.connections], ['', null]);
      assert.not.match(JSON.stringify(await get('/connz?auth=1&subs=detail')), /pa"|pb"/);
    },
    [auth],
  ));

test('/connz pages, and picks one by its id', () =>
  withMonitor('', async ({ client, get }) => {
    for (let count = 0; count < 5; count++) await client();
    const cids = async (query: string): Promise<unknown> =>
      ((await get(`/connz?${query}`)).connections as Row[]).map((row) => row.cid);
    assert.equal(await cids('limit=2'), [1, 2]);
    assert.equal(await cids('limit=2&offset=3'), [4, 5]);
    assert.equal(await cids('offset=9'), []);
    assert.equal(await cids('cid=3'), [3]);
    const { total, limit, offset, num_connections } = await get('/connz?cid=99&limit=7');
    assert.equal({ total, limit, offset, num_connections }, { total: 5, limit: 1, offset: 0, num_connections: 0 });
    const odd = await get('/connz?limit=-3&offset=-2');
    assert.equal([odd.limit, odd.offset, odd.num_connections], [1024, 0, 5]);
  }));

test('/connz sorts by everything it shows', () =>
  withMonitor('', async ({ client, rows }) => {
    await client('PUB x 1\r\n1\r\nPUB x 1\r\n1\r\n');
    await client('SUB y 1\r\nSUB z 2\r\nPUB y 9\r\n123456789\r\n');
    await client('SUB z 1\r\n');
    const order = async (sort: string): Promise<string> => {
      const found = await rows(`/connz?sort=${sort}`);
      return found.map((row) => row.cid).join('');
    };
    const expected = { cid: '123', start: '123', subs: '231', msgs_from: '123', bytes_from: '213', msgs_to: '213' };
    for (const [sort, cids] of Object.entries({ ...expected, bytes_to: '213' }))
      assert.is(await order(sort), cids, sort);
    for (const sort of ['pending', 'last', 'idle', 'uptime', 'rtt']) assert.is((await order(sort)).length, 3, sort);
    const rtts = (await rows('/connz?sort=idle')).map((row) => Date.parse(row.last_activity as string));
    assert.equal(rtts, rtts.toSorted());
  }));

async function untilClosed(it: Monitored, count: number): Promise<void> {
  while (((await it.get('/connz?state=closed')).total as number) < count) await new Promise(setImmediate);
}

test('/connz remembers closed connections with the reason, as many as it was told to', () =>
  withMonitor('max_closed_clients: 2', async (it) => {
    for (const name of ['one', 'two', 'three']) {
      const { socket } = await it.client('', { name });
      const total = (await it.get('/connz?state=closed')).total as number;
      socket.destroy();
      await untilClosed(it, Math.min(2, total + 1));
      while ((await it.get('/connz')).total !== 0) await new Promise(setImmediate);
    }
    const bad = await it.client();
    const closed = await it.rows('/connz?state=closed');
    assert.equal(
      closed.map((row) => row.name),
      ['two', 'three'],
    );
    assert.equal(
      closed.map((row) => row.reason),
      ['Client Closed', 'Client Closed'],
    );
    assert.ok(closed.every((row) => typeof row.stop === 'string'));
    bad.send('NONSENSE\r\n');
    await bad.untilClosed();
    assert.equal(
      (await it.rows('/connz?state=closed&sort=reason')).map((row) => row.reason),
      ['Client Closed', 'Protocol Violation'],
    );
    assert.equal(
      (await it.rows('/connz?state=closed&sort=stop')).map((row) => row.cid),
      [4, 3],
    );
    await it.client();
    assert.is((await it.get('/connz?state=ANY')).total, 3);
    assert.equal(
      (await it.rows('/connz?state=all&cid=3')).map((row) => row.cid),
      [3],
    );
  }));

test('/subsz counts subscriptions, and lists them when asked', () =>
  withMonitor('', async ({ client, get }) => {
    await client('SUB foo.* q 1\r\nSUB bar 2\r\nSUB > 3\r\n');
    const figures = await get('/subsz');
    assert.is(
      keysOf(figures).join(' '),
      'server_id now num_subscriptions num_cache num_inserts num_removes num_matches cache_hit_rate max_fanout ' +
        'avg_fanout total offset limit',
    );
    assert.equal([figures.num_subscriptions, figures.total], [3, 0]);
    const { total, subscriptions_list: list } = await get('/subscriptionsz?subs=1&limit=2');
    assert.equal([total, (list as Row[]).length], [3, 2]);
    assert.equal(list, [
      { account: '$G', account_tag: '$G', subject: 'foo.*', qgroup: 'q', sid: '1', msgs: 0, cid: 1 },
      { account: '$G', account_tag: '$G', subject: 'bar', sid: '2', msgs: 0, cid: 1 },
    ]);
    const tested = await get('/subsz?subs=1&test=foo.x');
    assert.equal(
      (tested.subscriptions_list as Row[]).map((row) => row.subject),
      ['foo.*', '>'],
    );
    assert.is((await get('/subsz?subs=1&acc=$SYS')).total, 0);
    assert.is((await get('/subsz?acc=NONE')).num_subscriptions, 0);
    assert.is((await get('/subsz?subs=1&offset=2&limit=2')).offset, 2);
  }));

test('/accountz lists the accounts and shows one', () =>
  withMonitor('accounts { A { mappings { foo: bar } } }', async ({ get }) => {
    const { system_account, accounts } = await get('/accountz');
    assert.is(system_account, '$SYS');
    assert.equal([...(accounts as string[])].sort(), ['$G', '$SYS', 'A']);
    const { account_detail: detail } = await get('/accountz?acc=A');
    assert.is(
      keysOf(detail).join(' '),
      'account_name update_time expired complete jetstream_enabled leafnode_connections client_connections ' +
        'subscriptions mappings name_tag sublist_stats',
    );
    assert.equal((detail as Row).mappings, { foo: [{ subject: 'bar', weight: 100 }] });
    assert.is(((await get('/accountz?acc=$SYS')).account_detail as Row).is_system, true);
  }));

test('/accstatz shows the traffic of accounts with connections, or of all', () =>
  withMonitor('', async ({ client, get }) => {
    assert.equal((await get('/accstatz')).account_statz, []);
    await client('SUB a 1\r\nPUB a 5\r\nhello\r\n');
    const none = { msgs: 0, bytes: 0 };
    const moved = { msgs: 1, bytes: 5, gateways: none, routes: none, leafs: none };
    assert.equal((await get('/accstatz')).account_statz, [
      {
        acc: '$G',
        name: '$G',
        conns: 1,
        leafnodes: 0,
        total_conns: 1,
        num_subscriptions: 1,
        sent: moved,
        received: moved,
        slow_consumers: 0,
      },
    ]);
    assert.is(((await get('/accstatz?unused=1')).account_statz as Row[]).length, 2);
  }));

test('/healthz is well while clients can connect, and not in lame duck mode', () =>
  withMonitor('lame_duck_duration: 30s', async ({ fetch, client, server, log }) => {
    const ask = async (query = ''): Promise<string> => {
      const response = await fetch(`/healthz${query}`);
      return `${response.status} ${await response.text()}`;
    };
    for (const query of ['', '?js-server-only=1', '?js-enabled-only=true', '?js-enabled=1', '?details=1']) {
      assert.is(await ask(query), '200 {"status":"ok"}');
    }
    assert.ok(log.includes('warn Healthcheck: js-enabled deprecated, use js-enabled-only instead'));
    const mistake = '\\"account\\" must not be empty when checking stream health';
    assert.is(await ask('?stream=x'), `400 {"status":"error","error":"${mistake}"}`);
    assert.is(
      await ask('?stream=x&details=1'),
      `400 {"status":"error","errors":[{"type":"BAD_REQUEST","error":"${mistake}"}]}`,
    );
    for (const name of ['js-enabled', 'js-enabled-only', 'js-server-only', 'js-meta-only', 'details']) {
      const text = `Error decoding boolean for '${name}': strconv.ParseBool: parsing "x": invalid syntax`;
      assert.is(await ask(`?${name}=x`), `400 ${text}`);
    }
    await client();
    void server.drain();
    while (server.address !== null) await new Promise(setImmediate);
    const gone = 'failed to be ready for connections after 1ms: server';
    assert.is(await ask(), `500 {"status":"error","error":"${gone}"}`);
    assert.ok(log.includes(`warn Healthcheck failed: "${gone}"`));
    assert.is((await fetch('/varz')).status, 200);
  }));

test('what is not there is answered as a server answers that has it turned off', () =>
  withMonitor('', async ({ get, fetch }) => {
    assert.equal((await get('/routez')).routes, []);
    assert.equal((await get('/gatewayz')).outbound_gateways, {});
    assert.equal((await get('/leafz')).leafs, []);
    assert.is((await get('/jsz?accounts=1')).disabled, true);
    assert.is(await (await fetch('/jsz?leader-only=1')).text(), 'filtered response: not leader');
  }));

test('what is asked for wrongly is answered with 400 and the text tools know', () =>
  withMonitor('', async ({ fetch }) => {
    const cases: [string, string][] = [
      ['/connz?sort=foo', 'invalid sorting option: foo'],
      ['/connz?sort=stop', 'sort by stop only valid on closed connections'],
      ['/connz?sort=reason&state=all', 'sort by reason only valid on closed connections'],
      ['/connz?state=x', 'Error decoding state for x'],
      ['/connz?cid=x', `Error decoding uint64 for 'cid': strconv.ParseUint: parsing "x": invalid syntax`],
      ['/connz?limit=1x', `Error decoding int for 'limit': strconv.Atoi: parsing "1x": invalid syntax`],
      ['/connz?subs=x', `Error decoding boolean for 'subs': strconv.ParseBool: parsing "x": invalid syntax`],
      ['/subsz?test=foo.*', 'invalid test subject, must be valid publish subject: foo.*'],
      ['/accountz?acc=x', 'Account x does not exist'],
      ['/accstatz?unused=2', `Error decoding boolean for 'unused': strconv.ParseBool: parsing "2": invalid syntax`],
    ];
    for (const [path, text] of cases) {
      const response = await fetch(path);
      assert.is(response.status, 400, path);
      assert.is(response.headers.get('content-type'), 'text/plain; charset=utf-8');
      assert.is(response.headers.get('access-control-allow-origin'), null);
      assert.is(await response.text(), text);
    }
  }));

test.run();
