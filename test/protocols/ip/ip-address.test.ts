import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatIp, parseIp } from '../../../protocols/ip/ip-address.ts';

/** Text, its bytes in hex, and the text it is written back as where that differs. */
const ADDRESSES: [text: string, hex: string, canonical?: string][] = [
  ['0.0.0.0', '00000000'],
  ['127.0.0.1', '7f000001'],
  ['255.255.255.255', 'ffffffff'],
  ['::', '00000000000000000000000000000000'],
  ['::1', '00000000000000000000000000000001'],
  ['1::', '00010000000000000000000000000000'],
  ['fe80::1', 'fe800000000000000000000000000001'],
  ['2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
  ['2001:0:0:1::1', '20010000000000010000000000000001'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['1:2:3:4:5:6:0:8', '00010002000300040005000600000008'],
  ['1:2:3:4:5:6:7::', '00010002000300040005000600070000', '1:2:3:4:5:6:7:0'],
  ['::ffff:1.2.3.4', '00000000000000000000ffff01020304', '1.2.3.4'],
  ['64:ff9b::1.2.3.4', '0064ff9b000000000000000001020304', '64:ff9b::102:304'],
  ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304', '1:2:3:4:5:6:102:304'],
  ['ABCD:EF01::', 'abcdef01000000000000000000000000', 'abcd:ef01::'],
];

const NOT_ADDRESSES =
  ' |1|1.2.3|1.2.3.4.5|1.2.3.256|1.2.3.04|1.2.3.-4|1.2.3.|a.b.c.d|:|:::|1:|:1|1::2::3|1:2:3:4:5:6:7|1:2:3:4:5:6:7:8:9|' +
  '1:2:3:4:5:6:7:8::|::12345|::g|::1.2.3|::1.2.3.4:5|1.2.3.4::|::1%lo|[::1]|1:2:3:4:5:6:7:1.2.3.4';

test('every address is read and written back in its shortest form', () => {
  for (const [text, hex, canonical = text] of ADDRESSES) {
    const bytes = parseIp(text);
    assert.is(Buffer.from(bytes ?? []).toString('hex'), hex, text);
    assert.is(formatIp(bytes!), canonical);
  }
});

test('what is not an address is refused', () => {
  for (const text of ['', ...NOT_ADDRESSES.split('|')]) assert.is(parseIp(text), null, `"${text}"`);
});

test.run();
