import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { linkOf, readStatus, staleness } from '../../../plugins/ocsp/status.ts';
import { makeCertificate } from '../../kits/certificate-maker.ts';
import { failure, makeResponse } from '../../kits/ocsp-responder.ts';

const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
const issuer = makeCertificate({ subject: [['CN', 'issuer']], isAuthority: true });
const stranger = makeCertificate({ subject: [['CN', 'issuer']], isAuthority: true });
const about = makeCertificate({ subject: [['CN', 'a']], issuer });
const other = makeCertificate({ subject: [['CN', 'b']], issuer });
const link = linkOf(about.certificate, issuer.certificate);
const now = Date.now();

test('the issuer may say it, and whoever it lets say it', () => {
  assert.is(readStatus(makeResponse({ about, issuer }), link, now).status, 'good');
  assert.is(readStatus(makeResponse({ about, issuer, algorithm: '2.16.840.1.101.3.4.2.1' }), link, now).status, 'good');
  const signer = makeCertificate({ subject: [['CN', 's']], issuer, usages: [OCSP_SIGNING] });
  assert.is(readStatus(makeResponse({ about, issuer, signer, status: 'revoked' }), link, now).status, 'revoked');
  assert.is(readStatus(makeResponse({ about, issuer, signer: issuer }), link, now).status, 'good');
});

test('nobody else may', () => {
  const past = new Date(now - 1000);
  const signers = [
    makeCertificate({ subject: [['CN', 's']], issuer }),
    makeCertificate({ subject: [['CN', 's']], issuer, usages: ['1.3.6.1.5.5.7.3.2'] }),
    makeCertificate({ subject: [['CN', 's']], issuer: stranger, usages: [OCSP_SIGNING] }),
    makeCertificate({ subject: [['CN', 's']], issuer, usages: [OCSP_SIGNING], validTo: past }),
    about,
    stranger,
  ];
  for (const signer of signers) {
    assert.throws(() => readStatus(makeResponse({ about, issuer, signer }), link, now), /signed by nobody who may/);
  }
});

test('a signature that is not of what was said is none', () => {
  const response = makeResponse({ about, issuer, status: 'unknown' });
  const at = response.indexOf(Buffer.of(0x82, 0x00));
  assert.ok(at > 0);
  response[at] = 0x80;
  assert.throws(() => readStatus(response, link, now), /signed by nobody who may/);
});

test('what is said of another certificate says nothing of this one', () => {
  assert.throws(() => readStatus(makeResponse({ about: other, issuer }), link, now), /about another certificate/);
  assert.throws(() => readStatus(failure(3), link, now), /no answer: try later/);
  assert.throws(() => readStatus(Buffer.from('junk'), link, now), /malformed DER/);
});

test('a status counts between its updates, give or take the skew of clocks', () => {
  const tolerance = { clockSkewMs: 30_000, lifetimeMs: 60_000 };
  const status = readStatus(makeResponse({ about, issuer, nextUpdate: null }), link, now);
  const at = (thisUpdate: number, nextUpdate: number | null): string | null =>
    staleness({ ...status, thisUpdate, nextUpdate }, 1_000_000, tolerance);
  assert.is(at(1_030_000, null), null);
  assert.match(at(1_030_001, null)!, /^invalid ocsp ThisUpdate, is future time: 1970-01-01T00:17:10.001Z$/);
  assert.is(at(0, 970_000), null);
  assert.match(at(0, 969_999)!, /^invalid ocsp NextUpdate, is past time: /);
  assert.is(at(910_000, null), null);
  assert.match(at(909_999, null)!, /NextUpdate/);
});

test.run();
