/** Ten thousand accounts, with rules and without. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AccountImport } from '../../../plugins/account-sharing/account-import.ts';
import { SharingBench } from './sharing-bench.ts';

const COUNT = 10_000;
/** Of computing: others may be at work on the machine. */
const START_MS_MAX = 5_000;
const MEBIBYTE = 1024 * 1024;
const SAME_START_MS_MAX = 3_000;
const SAME_HEAP_MAX = 160 * MEBIBYTE;
/** Between two turns of the loop, with a collection of garbage in between. */
const PIECE_MS_MAX = 150;

function numbered(text: (at: number) => string): string {
  return Array.from({ length: COUNT }, (_, at) => text(at)).join('\n');
}

const LAYOUTS: [what: string, heapMax: number, config: string][] = [
  [
    'that share nothing',
    64 * MEBIBYTE,
    `accounts {\n${numbered((at) => `N${at} { users: [{user: u${at}, password: p}] }`)}\n}`,
  ],
  [
    'that import from one, which imports from all of them',
    200 * MEBIBYTE,
    `accounts {
      HUB {
        exports: [{stream: "news.>"}, {service: "ask.*"}]
        imports: [${numbered((at) => `{stream: {account: N${at}, subject: "out.>"}, prefix: "from.N${at}"}`)}]
      }
      ${numbered((at) => `N${at} { exports: [{stream: "out.>"}], imports: [{stream: {account: HUB, subject: "news.>"}}, {service: {account: HUB, subject: "ask.*"}}] }`)}
    }`,
  ],
];

for (const [what, heapMax, config] of LAYOUTS) {
  test(`${COUNT} accounts ${what} start within ${START_MS_MAX / 1000} seconds and little memory`, async () => {
    const heap = heapInUse();
    const before = process.cpuUsage();
    await SharingBench.with(config, async (bench) => {
      const { user, system } = process.cpuUsage(before);
      const elapsed = (user + system) / 1000;
      const grown = heapInUse() - heap;
      assert.ok(elapsed < START_MS_MAX, `${elapsed.toFixed(0)} ms`);
      assert.ok(grown < heapMax, `${(grown / 2 ** 20).toFixed(0)} MiB`);
      assert.is(bench.server.broker.accounts.size, COUNT + (what.includes('one') ? 3 : 2));
    });
  });
}

/** An exporter, and ten thousand accounts that import the same of it. */
function sameImports(moreExports = '', comment = ''): string {
  return `accounts { # ${comment}
    HUB { users: [{user: h, password: p}], exports: [{service: "s.*"}, {stream: "f.>"} ${moreExports}] }
    ${numbered((at) => `N${at} { users: [{user: u${at}, password: p}], imports: [{service: {account: HUB, subject: "s.x"}}, {stream: {account: HUB, subject: "f.>"}}] }`)}
  }`;
}

test(`${COUNT} accounts that import the same share what is compiled, and are reloaded a few at a time`, async () => {
  const heap = heapInUse();
  let before = process.cpuUsage();
  const passed = (): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  await SharingBench.with(sameImports(), async (bench) => {
    assert.ok(passed() < SAME_START_MS_MAX, `start: ${passed().toFixed(0)} ms`);
    const grown = heapInUse() - heap;
    assert.ok(grown < SAME_HEAP_MAX, `${(grown / MEBIBYTE).toFixed(0)} MiB`);
    const mappings = [7, COUNT - 1].map((at) => importsOf(bench, at).map(({ mapping }) => mapping));
    assert.is(mappings[0]![0], mappings[1]![0]);
    assert.is(mappings[0]![1], mappings[1]![1]);

    const pieces = piecesOf(bench);
    const imports = importsOf(bench, 7);
    before = process.cpuUsage();
    assert.ok(await bench.reload(sameImports('', 'nothing else is new')));
    assert.ok(await bench.reload(sameImports(', {stream: "z.>"}')));
    assert.ok(passed() < 2 * SAME_START_MS_MAX, `reload: ${passed().toFixed(0)} ms`);
    assert.equal(importsOf(bench, 7), imports);
    assert.ok(pieces.length > COUNT / 50, `${pieces.length} pieces`);
    assert.ok(Math.max(...pieces) < PIECE_MS_MAX, `a piece of ${Math.max(...pieces).toFixed(0)} ms`);
  });
});

function importsOf({ server, sharing }: SharingBench, at: number): readonly AccountImport[] {
  return sharing.importsOf(server.broker.accounts.get(`N${at}`)!) as readonly AccountImport[];
}

/** How much computing there is between two turns of the loop, where the plugin takes them. */
function piecesOf({ ports: { clock } }: SharingBench): number[] {
  const pieces: number[] = [];
  const { soon } = clock;
  let since: NodeJS.CpuUsage | null = null;
  clock.soon = (run) => {
    const isOfSharing = new Error('where').stack?.includes('inTurns') === true;
    if (isOfSharing && since !== null) pieces.push(process.cpuUsage(since).user / 1000);
    soon.call(clock, () => {
      since = isOfSharing ? process.cpuUsage() : null;
      run();
    });
  };
  return pieces;
}

/** Without what is only waiting to be collected. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

/** Each asks the one before; the last has a user. */
function chain(length: number): string {
  const links = Array.from({ length }, (_, at) => {
    const imports = at === 0 ? '' : `, imports: [{service: {account: N${at - 1}, subject: s}}]`;
    return `N${at} { ${at === length - 1 ? 'users: [{user: a, password: p}], ' : ''}exports: [{service: s}]${imports} }`;
  });
  return `accounts {\n${links.join('\n')}\n}`;
}

for (const [length, isAnswered] of [
  [65, true],
  [66, false],
] as const) {
  test(`a request through ${length} accounts ${isAnswered ? 'arrives' : 'is sent back'}`, async () => {
    await SharingBench.with(chain(length), async (bench) => {
      const { accounts, publisher } = bench.server.broker;
      let count = 0;
      const end = publisher.subscribe(accounts.get('N0')!, 's', '', () => ++count > 0);
      const client = await bench.client('a');
      const said = await client.ask('SUB in 1\r\nPUB s in 1\r\nq\r\n');
      assert.is(count, isAnswered ? 1 : 0);
      assert.is(said.includes('NATS/1.0 503'), !isAnswered);
      end();
    });
  });
}

test('a chain too long to be searched for rings is refused', async () => {
  await SharingBench.with(chain(1_026), async () => {});
  try {
    await SharingBench.with(chain(1_027), async () => {});
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, 'Error adding service import "s": search cycle depth exhausted');
  }
});

test.run();
