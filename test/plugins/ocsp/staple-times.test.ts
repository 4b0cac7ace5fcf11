import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemPorts } from '../../../kernel/ports/system-ports.ts';
import { CHECK_INTERVAL_MIN_MS, CHECK_INTERVAL_MS, Staple } from '../../../plugins/ocsp/staple.ts';
import { linkOf } from '../../../plugins/ocsp/status.ts';
import { makeCertificate } from '../../kits/certificate-maker.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';
import { makeResponse, Responder, type Said } from '../../kits/ocsp-responder.ts';
import { listLog } from '../../kits/plugin-kit.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface Bench {
  readonly staple: Staple;
  readonly responder: Responder;
  readonly log: string[];
  /** When the next check is due, in milliseconds from now. */
  readonly delays: number[];
  says(said: Partial<Said>): void;
  /** Lets the time pass until the next check, and makes it. */
  check(): Promise<void>;
  pass(milliseconds: number): Promise<void>;
}

async function withStaple(
  isCondition: boolean,
  first: Partial<Said>,
  use: (bench: Bench) => Promise<void>,
): Promise<void> {
  const responder = await Responder.start();
  const issuer = makeCertificate({ subject: [['CN', 'i']], isAuthority: true });
  const about = makeCertificate({ subject: [['CN', 'a']], issuer, ocspUrls: [responder.url] });
  const ports = createFakePorts();
  const now = ports.clock.now();
  const log: string[] = [];
  const delays: number[] = [];
  let due: () => Promise<void> = async () => {};
  const world = {
    ports: { ...ports, network: systemPorts().network },
    log: listLog(log),
    after: (milliseconds: number, run: () => Promise<void>) => {
      delays.push(milliseconds);
      due = run;
      return () => {
        due = async () => {};
      };
    },
    shutDown: () => void log.push('shut down'),
  };
  const options = { mode: 'always' as const, urls: [], storeDirectory: '' };
  const link = linkOf(about.certificate, issuer.certificate);
  const staple = new Staple({ link, file: 'f', kind: 'Client', options, isCondition }, world, undefined);
  const bench: Bench = {
    staple,
    responder,
    log,
    delays,
    says: (said) => {
      const thisUpdate = new Date(ports.clock.now());
      responder.says(makeResponse({ about, issuer, thisUpdate, nextUpdate: null, ...said }));
    },
    check: async () => {
      await ports.clock.advance(delays.at(-1)!);
      await due();
    },
    pass: (milliseconds) => ports.clock.advance(milliseconds),
  };
  try {
    bench.says({ thisUpdate: new Date(now), ...first });
    await staple.start();
    await use(bench);
  } finally {
    await responder.close();
  }
}

const at = (milliseconds: number): Date => new Date(Date.UTC(2020, 0, 1) + milliseconds);

test('a status is fetched again when a quarter of its time is left, and served until it is over', () =>
  withStaple(false, { nextUpdate: at(4 * HOUR) }, async ({ staple, delays, says, check, log }) => {
    assert.equal(delays, [3 * HOUR]);
    const before = staple.response;
    says({ thisUpdate: at(3 * HOUR - 1000), nextUpdate: at(7 * HOUR) });
    await check();
    assert.is.not(staple.response, before);
    assert.ok(
      log.some((line) =>
        line.startsWith("info Received OCSP status for Client certificate 'f': good, next update 2020-01-01T07:00:00Z"),
      ),
    );
  }));

test('a status that does not say when there is news is fetched again after a day, and a very short one after two minutes', async () => {
  await withStaple(false, {}, async ({ delays }) => assert.equal(delays, [CHECK_INTERVAL_MS]));
  await withStaple(false, { nextUpdate: at(MINUTE) }, async ({ delays, staple, pass }) => {
    assert.equal(delays, [CHECK_INTERVAL_MIN_MS]);
    assert.ok(staple.response !== null);
    await pass(MINUTE + 1);
    assert.is(staple.response, null);
  });
});

test('a responder that fails is asked again after two minutes, and the old status counts on', () =>
  withStaple(true, { nextUpdate: at(4 * HOUR) }, async ({ staple, delays, check, responder, log, says }) => {
    responder.says(Buffer.from('junk'));
    await check();
    assert.ok(staple.response !== null);
    assert.is(delays.at(-1), CHECK_INTERVAL_MIN_MS);
    assert.match(
      log.at(-1)!,
      /^error Bad OCSP status update for certificate at 'f': malformed DER.*, checking again in 120s$/,
    );
    says({ thisUpdate: at(3 * HOUR) });
    await check();
    assert.is(delays.at(-1), CHECK_INTERVAL_MS);
  }));

test('a broker whose certificate is revoked shuts down where that is a condition, and goes on where it is not', async () => {
  for (const isCondition of [true, false]) {
    await withStaple(isCondition, {}, async ({ check, says, log, delays }) => {
      says({ status: 'revoked', thisUpdate: at(HOUR) });
      await check();
      assert.is(log.includes('shut down'), isCondition);
      assert.is(delays.length, isCondition ? 1 : 2);
      assert.ok(log.includes("error Received OCSP status for Client certificate 'f': revoked"));
    });
  }
});

test('nothing is begun after the end', () =>
  withStaple(true, {}, async ({ staple, check, delays, responder }) => {
    staple.stop();
    await check();
    assert.is(delays.length, 1);
    assert.is(responder.asked.length, 1);
  }));

test.run();
