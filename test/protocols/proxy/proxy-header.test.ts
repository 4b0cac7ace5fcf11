import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  encodeProxyBinary,
  encodeProxyLine,
  PROXY_HEADER_BYTES_MAX,
  type ProxyAddress,
  type ProxyParse,
  parseProxyHeader,
} from '../../../protocols/proxy/proxy-header.ts';

const SIGNATURE = '0D0A0D0A000D0A515549540A';

function hex(text: string): Buffer {
  return Buffer.from(text.replace(/\s/g, ''), 'hex');
}

interface Row {
  bytes: Uint8Array;
  source: ProxyAddress | null;
  destination: ProxyAddress | null;
  isLocal?: boolean;
  encoded?: Uint8Array;
}

const A4 = { host: '1.2.3.4', port: 12345 };
const B4 = { host: '5.6.7.8', port: 4222 };
const A6 = { host: '2001:db8::1', port: 12345 };
const B6 = { host: '2001:db8::2', port: 4222 };
const MAPPED = '00000000000000000000FFFF';

const ACCEPTED: Record<string, Row> = {
  'text, IPv4': {
    bytes: Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 12345 4222\r\n'),
    source: A4,
    destination: B4,
    encoded: encodeProxyLine(A4, B4),
  },
  'text, IPv6': {
    bytes: Buffer.from('PROXY TCP6 2001:db8::1 2001:db8::2 12345 4222\r\n'),
    source: A6,
    destination: B6,
    encoded: encodeProxyLine(A6, B6),
  },
  'text, IPv6 in a long spelling': {
    bytes: Buffer.from('PROXY TCP6 2001:DB8:0:0::1 2001:0db8:0:0:0:0:0:2 12345 4222\r\n'),
    source: A6,
    destination: B6,
  },
  'text, IPv4 in IPv6 clothes': {
    bytes: Buffer.from('PROXY TCP6 ::ffff:1.2.3.4 ::ffff:506:708 12345 4222\r\n'),
    source: A4,
    destination: B4,
  },
  'text, nobody': {
    bytes: Buffer.from('PROXY UNKNOWN\r\n'),
    source: null,
    destination: null,
    encoded: encodeProxyLine(),
  },
  'text, nobody, with things to ignore': {
    bytes: Buffer.from('PROXY UNKNOWN 1.2.3.4 whatever\r\n'),
    source: null,
    destination: null,
  },
  'text as long as it may be': {
    bytes: Buffer.from(`PROXY UNKNOWN ${'x'.repeat(107 - 16)}\r\n`),
    source: null,
    destination: null,
  },
  'text with generous spacing': {
    bytes: Buffer.from('PROXY  TCP4\t1.2.3.4  5.6.7.8 12345 4222 \r\n'),
    source: A4,
    destination: B4,
  },
  'text with the lowest and highest port': {
    bytes: Buffer.from('PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n'),
    source: { host: '0.0.0.0', port: 0 },
    destination: { host: '255.255.255.255', port: 65535 },
  },
  'binary, IPv4': {
    bytes: hex(`${SIGNATURE} 21 11 000C 01020304 05060708 3039 107E`),
    source: A4,
    destination: B4,
    encoded: encodeProxyBinary(A4, B4),
  },
  'binary, IPv6': {
    bytes: hex(`${SIGNATURE} 21 21 0024 20010db8000000000000000000000001 20010db8000000000000000000000002 3039 107E`),
    source: A6,
    destination: B6,
    encoded: encodeProxyBinary(A6, B6),
  },
  'binary, IPv4 in IPv6 clothes': {
    bytes: hex(`${SIGNATURE} 21 21 0024 ${MAPPED}01020304 ${MAPPED}05060708 3039 107E`),
    source: A4,
    destination: B4,
  },
  'binary with extra fields': {
    bytes: hex(`${SIGNATURE} 21 11 0010 01020304 05060708 3039 107E 04000100`),
    source: A4,
    destination: B4,
    encoded: encodeProxyBinary(A4, B4, hex('04000100')),
  },
  'binary, the proxy itself': {
    bytes: hex(`${SIGNATURE} 20 00 0000`),
    source: null,
    destination: null,
    isLocal: true,
    encoded: encodeProxyBinary(),
  },
  'binary, the proxy itself, with addresses to ignore': {
    bytes: hex(`${SIGNATURE} 20 12 000C 01020304 05060708 3039 107E`),
    source: null,
    destination: null,
    isLocal: true,
  },
  'binary, an unspecified family': {
    bytes: hex(`${SIGNATURE} 21 01 0003 010203`),
    source: null,
    destination: null,
  },
};

const REFUSED: [bytes: Uint8Array, reason: string][] = [
  [Buffer.from(`PROXY UNKNOWN ${'x'.repeat(108 - 16)}\r\n`), 'the line is longer than 107 bytes'],
  [Buffer.from(`PROXY ${'x'.repeat(200)}`), 'the line is longer than 107 bytes'],
  [Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 12345 4222\n'), 'the line does not end with CR LF'],
  [Buffer.from('PROXY \r\n'), '1 fields stand where 6 should'],
  [Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 12345\r\n'), '5 fields stand where 6 should'],
  [Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 12345 4222 1\r\n'), '7 fields stand where 6 should'],
  [Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 12345 4\r22\r\n'), '7 fields stand where 6 should'],
  [Buffer.from('PROXY UDP4 1.2.3.4 5.6.7.8 12345 4222\r\n'), 'the protocol "UDP4" is not known'],
  [Buffer.from('PROXY tcp4 1.2.3.4 5.6.7.8 12345 4222\r\n'), 'the protocol "tcp4" is not known'],
  [Buffer.from('PROXY TCP4 1.2.3 5.6.7.8 12345 4222\r\n'), 'source: "1.2.3" is not an IP address'],
  [Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.256 12345 4222\r\n'), 'destination: "5.6.7.256" is not an IP address'],
  [Buffer.from('PROXY TCP4 01.2.3.4 5.6.7.8 12345 4222\r\n'), 'source: "01.2.3.4" is not an IP address'],
  [Buffer.from('PROXY TCP4 ::1 5.6.7.8 12345 4222\r\n'), 'source: "::1" is not an address of TCP4'],
  [Buffer.from('PROXY TCP4 1.2.3.4 ::1 12345 4222\r\n'), 'destination: "::1" is not an address of TCP4'],
  [Buffer.from('PROXY TCP6 1.2.3.4 ::1 12345 4222\r\n'), 'source: "1.2.3.4" is not an address of TCP6'],
  [Buffer.from('PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n'), 'source: "fe80::1%eth0" is not an IP address'],
  [Buffer.from('PROXY TCP6 1::2::3 ::1 1 2\r\n'), 'source: "1::2::3" is not an IP address'],
  [Buffer.from('PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n'), 'source: "1:2:3:4:5:6:7" is not an IP address'],
  [Buffer.from('PROXY TCP6 1:2:3:4::5:6:7:8 ::1 1 2\r\n'), 'source: "1:2:3:4::5:6:7:8" is not an IP address'],
  [Buffer.from('PROXY TCP6 12345:: ::1 1 2\r\n'), 'source: "12345::" is not an IP address'],
  [Buffer.from('PROXY TCP6 1.2.3.4:: ::1 1 2\r\n'), 'source: "1.2.3.4::" is not an IP address'],
  [Buffer.from('PROXY TCP6 : ::1 1 2\r\n'), 'source: ":" is not an IP address'],
  [Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 65536 4222\r\n'), 'source: "65536" is not a port'],
  [Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 +1 4222\r\n'), 'source: "+1" is not a port'],
  [Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 1 -1\r\n'), 'destination: "-1" is not a port'],
  [hex('0D0A0D0A000D 00'), 'the signature is damaged'],
  [hex('0D0A0D0A000D0A515549540B'), 'the signature is damaged'],
  [hex(`${SIGNATURE} 11 11 000C`), 'version 1 is not known'],
  [hex(`${SIGNATURE} 01 11 000C`), 'version 0 is not known'],
  [hex(`${SIGNATURE} 22 11 000C`), 'command 2 is not known'],
  [hex(`${SIGNATURE} 21 00 0000`), 'only streams can be proxied'],
  [hex(`${SIGNATURE} 21 12 000C`), 'only streams can be proxied'],
  [hex(`${SIGNATURE} 21 31 00D8`), 'address family 3 is not supported'],
  [hex(`${SIGNATURE} 21 41 00D8`), 'address family 4 is not supported'],
  [hex(`${SIGNATURE} 21 11 000B`), '11 bytes are too few for two addresses'],
  [hex(`${SIGNATURE} 21 21 0023`), '35 bytes are too few for two addresses'],
  [hex(`${SIGNATURE} 21 11 3FF1`), `the header is longer than ${PROXY_HEADER_BYTES_MAX} bytes`],
];

for (const [name, row] of Object.entries(ACCEPTED)) {
  test(`a header is read: ${name}`, () => {
    const { bytes, source, destination, isLocal = false, encoded } = row;
    const expected: ProxyParse = { kind: 'header', consumed: bytes.length, source, destination, isLocal };
    assert.equal(parseProxyHeader(bytes), expected);
    assert.equal(parseProxyHeader(Buffer.concat([bytes, Buffer.from('CONNECT {}\r\n')])), expected);
    if (encoded !== undefined) assert.is(Buffer.from(encoded).toString('hex'), Buffer.from(bytes).toString('hex'));
  });

  test(`a header cut anywhere asks for more and never for too much: ${name}`, () => {
    for (let length = 0; length < row.bytes.length; length++) {
      const part = parseProxyHeader(row.bytes.subarray(0, length));
      assert.is(part.kind, 'more', `at ${length}`);
      if (part.kind !== 'more') continue;
      assert.ok(part.least > length && part.least <= row.bytes.length, `at ${length} wants ${part.least}`);
    }
  });
}

test('a header that is wrong is refused with the reason', () => {
  for (const [bytes, reason] of REFUSED) assert.equal(parseProxyHeader(bytes), { kind: 'error', reason });
});

test('a wrong header is refused wherever it is cut, once the wrong part is there', () => {
  for (const [bytes] of REFUSED) {
    for (let length = 0; length < bytes.length; length++) {
      assert.ok(['more', 'error'].includes(parseProxyHeader(bytes.subarray(0, length)).kind));
    }
  }
});

test('an ordinary client is recognised by its first different byte', () => {
  const clients = [
    'CONNECT {}\r\n',
    'PING\r\n',
    'PUB a 0\r\n\r\n',
    'PROXIMA',
    'PROXY\r',
    'proxy ',
    '\r\nPING\r\n',
    '\x16\x03',
  ];
  for (const text of clients) assert.equal(parseProxyHeader(Buffer.from(text)), { kind: 'none' }, text);
});

test('a header as long as allowed is read whole', () => {
  const bytes = encodeProxyBinary(A4, B4, new Uint8Array(PROXY_HEADER_BYTES_MAX - 28));
  assert.is(bytes.length, PROXY_HEADER_BYTES_MAX);
  assert.equal(parseProxyHeader(bytes.subarray(0, 28)), { kind: 'more', least: PROXY_HEADER_BYTES_MAX });
  assert.is(parseProxyHeader(bytes).kind, 'header');
});

test('only IP addresses can be encoded', () => {
  assert.throws(() => encodeProxyBinary({ host: 'localhost', port: 1 }, B4), /"localhost" is not an IP address/);
});

test.run();
