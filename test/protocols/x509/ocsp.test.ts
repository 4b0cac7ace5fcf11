import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { identify, linkOf } from '../../../plugins/ocsp/status.ts';
import { DerError } from '../../../protocols/x509/der.ts';
import { encodeOcspRequest, readOcspRequest } from '../../../protocols/x509/ocsp-request.ts';
import { readOcspResponse, type SignedStatuses } from '../../../protocols/x509/ocsp-response.ts';
import { makeCertificate } from '../../kits/certificate-maker.ts';
import { failure, makeResponse } from '../../kits/ocsp-responder.ts';

const issuer = makeCertificate({ subject: [['CN', 'issuer']], isAuthority: true });
const about = makeCertificate({ subject: [['CN', 'a']], issuer, serialNumber: Buffer.of(0x12, 0x34) });

function read(bytes: Uint8Array): SignedStatuses {
  const response = readOcspResponse(bytes);
  if (typeof response === 'string') throw new Error(response);
  return response;
}

test('a request says which certificate is meant, in the bytes other programs send', () => {
  const id = {
    algorithm: '1.3.14.3.2.26',
    issuerNameDigest: Buffer.alloc(2, 1),
    issuerKeyDigest: Buffer.alloc(2, 2),
    serialNumber: Buffer.of(0x12, 0x34),
  };
  const encoded = encodeOcspRequest(id);
  assert.is(encoded.toString('hex'), '301f301d301b30193017300906052b0e03021a0500040201010402020202021234');
  const read = readOcspRequest(encoded);
  assert.equal(
    [
      read.algorithm,
      Buffer.from(read.issuerNameDigest),
      Buffer.from(read.issuerKeyDigest),
      Buffer.from(read.serialNumber),
    ],
    [id.algorithm, id.issuerNameDigest, id.issuerKeyDigest, id.serialNumber],
  );
});

test('a response is read with all that is said', () => {
  const thisUpdate = new Date('2030-01-02T03:04:05Z');
  const nextUpdate = new Date('2030-01-03T03:04:05Z');
  for (const status of ['good', 'revoked', 'unknown'] as const) {
    const { statuses, certificates, producedAt } = read(
      makeResponse({ about, issuer, status, thisUpdate, nextUpdate }),
    );
    assert.is(statuses.length, 1);
    const [{ id, ...said }] = statuses as [SignedStatuses['statuses'][0]];
    assert.equal(said, {
      status,
      revokedAt: status === 'revoked' ? thisUpdate.getTime() : null,
      thisUpdate: thisUpdate.getTime(),
      nextUpdate: nextUpdate.getTime(),
    });
    assert.is(producedAt, thisUpdate.getTime());
    const wanted = identify(linkOf(about.certificate, issuer.certificate));
    assert.equal(Buffer.from(id.issuerKeyDigest), Buffer.from(wanted.issuerKeyDigest));
    assert.equal(certificates, []);
  }
  assert.is(read(makeResponse({ about, issuer, nextUpdate: null })).statuses[0]!.nextUpdate, null);
  const signer = makeCertificate({ subject: [['CN', 's']], issuer });
  assert.equal(Buffer.from(read(makeResponse({ about, issuer, signer })).certificates[0]!), signer.certificate);
});

test('a responder that gives no answer says why', () => {
  const reasons = ['malformed request', 'internal error', 'try later', undefined, 'signature required', 'unauthorized'];
  reasons.forEach((reason, index) => {
    if (reason === undefined) assert.throws(() => readOcspResponse(failure(index + 1)), /the outcome 4/);
    else assert.is(readOcspResponse(failure(index + 1)), reason);
  });
  assert.throws(
    () => readOcspResponse(failure(0)),
    (error: unknown) => error instanceof DerError,
  );
});

test('a response that is cut off or changed anywhere is refused or read, and nothing else happens', () => {
  const whole = makeResponse({
    about,
    issuer,
    status: 'revoked',
    signer: makeCertificate({ subject: [['CN', 's']], issuer }),
  });
  for (let length = 0; length < whole.length; length++) {
    assert.throws(
      () => readOcspResponse(whole.subarray(0, length)),
      (error: unknown) => error instanceof DerError,
    );
  }
  let refused = 0;
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at]! ^= 0x21;
    try {
      readOcspResponse(changed);
    } catch (error) {
      assert.ok(error instanceof DerError, String(error));
      refused++;
    }
  }
  assert.ok(refused > 50);
});

test.run();
