import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DerError, DerReader, elementsIn, onlyElement, Tag } from '../../../protocols/x509/der.ts';
import { boolean, integer, objectIdentifier, text, time, wholeBytes } from '../../../protocols/x509/der-values.ts';
import { der, objectId } from '../../../protocols/x509/der-writer.ts';

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex');

/** Bytes, the tag, and what is inside. */
const ELEMENTS: [string, number, string][] = [
  ['05 00', Tag.null, ''],
  ['02 01 07', Tag.integer, '07'],
  [`04 81 80 ${'61'.repeat(128)}`, Tag.octetString, '61'.repeat(128)],
  [`04 82 0100 ${'00'.repeat(256)}`, Tag.octetString, '00'.repeat(256)],
];

test('an element is read and written in the one form there is', () => {
  for (const [bytes, tag, content] of ELEMENTS) {
    const reader = new DerReader(hex(bytes));
    const element = reader.next();
    assert.is(element.tag, tag);
    assert.equal(Buffer.from(element.content), hex(content));
    assert.ok(reader.isAtEnd);
    assert.equal(der(tag, hex(content)), hex(bytes));
  }
});

test('an element that is cut off anywhere is none', () => {
  for (const [bytes] of ELEMENTS) {
    const whole = hex(bytes);
    for (let length = 1; length < whole.length; length++) {
      assert.throws(
        () => new DerReader(whole.subarray(0, length)).next(),
        (error: unknown) => error instanceof DerError,
      );
    }
  }
});

test('other forms of the same are refused', () => {
  const forms = [
    '1f 81 00 00',
    '04 80 00 00',
    `04 81 7f ${'00'.repeat(127)}`,
    `04 82 00 80 ${'00'.repeat(128)}`,
    '04 85 0000000001 00',
    '04 84 ffffffff 00',
    '04',
  ];
  for (const bytes of forms) {
    assert.throws(
      () => new DerReader(hex(bytes)).next(),
      (error: unknown) => error instanceof DerError,
      bytes,
    );
  }
  assert.throws(() => onlyElement(hex('30 00 00'), Tag.sequence), /something follows/);
  assert.throws(() => new DerReader(hex('05 00')).expect(Tag.set), /tag 5 where 49 belongs/);
  assert.is(new DerReader(hex('05 00')).optional(Tag.set), undefined);
  assert.is(new DerReader(hex('')).optional(Tag.set), undefined);
  assert.throws(() => [...elementsIn(hex('05 00 05'))], /too early/);
});

test('object identifiers are read and written', () => {
  for (const [id, bytes] of [
    ['2.5.4.3', '55 04 03'],
    ['1.2.840.113549.1.9.1', '2a 86 48 86 f7 0d 01 09 01'],
    ['0.9.2342.19200300.100.1.25', '09 92 26 89 93 f2 2c 64 01 19'],
    ['2.999.1', '88 37 01'],
  ] as const) {
    assert.is(objectIdentifier(hex(bytes)), id);
    assert.equal(objectId(id), der(Tag.objectIdentifier, hex(bytes)));
  }
  for (const bytes of ['', '80 01', '55 80', `2a ${'ff'.repeat(8)} 7f`]) {
    assert.throws(
      () => objectIdentifier(hex(bytes)),
      (error: unknown) => error instanceof DerError,
      bytes,
    );
  }
});

test('texts of all kinds, and what is none', () => {
  const of = (tag: number, bytes: string): string | undefined => text(new DerReader(der(tag, hex(bytes))).next());
  assert.is(of(Tag.utf8String, 'c3bc'), 'ü');
  assert.is(of(Tag.printableString, '61'), 'a');
  assert.is(of(Tag.ia5String, '61'), 'a');
  assert.is(of(Tag.teletexString, 'fc'), 'ü');
  assert.is(of(Tag.bmpString, '00fc'), 'ü');
  assert.is(of(Tag.integer, '61'), undefined);
  for (const [tag, bytes] of [
    [Tag.utf8String, 'fc'],
    [Tag.printableString, 'fc'],
    [Tag.ia5String, 'fc'],
    [Tag.bmpString, '00'],
  ] as const) {
    assert.throws(
      () => of(tag, bytes),
      (error: unknown) => error instanceof DerError,
    );
  }
});

test('times in their two forms', () => {
  const of = (tag: number, digits: string): number => time(new DerReader(der(tag, Buffer.from(digits))).next());
  assert.is(of(Tag.utcTime, '491231235959Z'), Date.UTC(2049, 11, 31, 23, 59, 59));
  assert.is(of(Tag.utcTime, '500101000000Z'), Date.UTC(1950, 0, 1));
  assert.is(of(Tag.generalizedTime, '21200229120000Z'), Date.UTC(2120, 1, 29, 12));
  for (const digits of [
    '21190229120000Z',
    '20201301000000Z',
    '20200101240000Z',
    '20200101000060Z',
    '202001010000Z',
    '20200101000000+0100',
  ]) {
    assert.throws(
      () => of(Tag.generalizedTime, digits),
      (error: unknown) => error instanceof DerError,
      digits,
    );
  }
  assert.throws(() => of(Tag.integer, '200101000000Z'), /no time/);
});

test('numbers, booleans and bits have one form each', () => {
  assert.equal(integer(hex('00 80')), hex('00 80'));
  for (const bytes of ['', '00 7f', 'ff 80'])
    assert.throws(
      () => integer(hex(bytes)),
      (error: unknown) => error instanceof DerError,
    );
  assert.is(boolean(hex('ff')), true);
  assert.is(boolean(hex('00')), false);
  for (const bytes of ['', '01', '00 00'])
    assert.throws(
      () => boolean(hex(bytes)),
      (error: unknown) => error instanceof DerError,
    );
  assert.equal(Buffer.from(wholeBytes(hex('00 61'))), hex('61'));
  for (const bytes of ['', '01 60'])
    assert.throws(
      () => wholeBytes(hex(bytes)),
      (error: unknown) => error instanceof DerError,
    );
});

test.run();
