import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as fields from '../../../kernel/config/fields.ts';
import { parseConfig } from '../../../kernel/config/grammar/parse.ts';
import { optionTable } from '../../../kernel/config/option-table.ts';
import { Problems } from '../../../kernel/config/problem.ts';
import { defineSchema, readBlock, readOptions, wasGiven } from '../../../kernel/config/schema.ts';
import { filesOf, said } from './config-reading.ts';

const peer = defineSchema(
  {
    name: fields.string('name', { default: '', doc: 'Its name.' }),
    urls: fields.stringList('url', { default: [], aliases: ['urls'], doc: 'Where it is.' }),
  },
  { notMap: () => 'Expected peer to be a map', unknownKey: (key) => `peer knows no "${key}"`, allowsVariables: false },
);

const schema = defineSchema({
  host: fields.string('host', { default: 'localhost', aliases: ['net'], doc: 'The interface.' }),
  port: fields.integer('port', { default: 80, zeroIsDefault: true, doc: 'The port.' }),
  listen: fields.listen('listen', { zeroPort: 80, emptyHost: 'localhost', doc: 'Both.' }),
  isOpen: fields.boolean('closed', { default: true, isInverted: true, doc: 'Nobody comes in.' }),
  mode: fields.oneOf('mode', ['fast', 'safe'], { default: 'safe', live: 'yes', doc: 'How.' }),
  waitMs: fields.duration('wait', { default: 1500, doc: 'How long.' }),
  strictMs: fields.duration('strict', { default: 0, isStringOnly: true, doc: 'How long, exactly.' }),
  windowBytes: fields.size('window', { default: 1024, minimum: 16, maximum: 4096, doc: 'How much.' }),
  headers: fields.stringMap('headers', { default: {}, doc: 'Names and values.' }),
  peer: fields.block('peer', peer, { doc: 'The other side.' }),
  peers: fields.blocks('peers', peer, { doc: 'The other sides.' }),
  raw: fields.node('raw', { default: null, doc: 'As it stands.' }),
});

function read(text: string) {
  const problems = new Problems();
  const { root } = parseConfig(text, 't.conf', { readFile: filesOf({}), environment: {} });
  return { options: readBlock(schema, root, problems), lines: said(problems.list) };
}

test('an absent block is all defaults, and none of them was given', () => {
  const options = schema.read(undefined, new Problems());
  assert.is(options.host, 'localhost');
  assert.is(options.isOpen, true);
  assert.is(options.peer, null);
  assert.is(wasGiven(options, 'host'), false);
  assert.not('listen' in options);
});

test('a block is read by keys and aliases in any case into frozen options', () => {
  const { options, lines } = read(`NET: "0.0.0.0", Port: 81, closed: true, mode: fast, wait: "2s", strict: "1m"
    window: 2kb, headers {A: b}, peer {name: x, url: u}, peers: [{urls: [a, b]}], raw: [1 ,2 ]`);
  assert.equal(lines, []);
  const { raw, ...rest } = options;
  assert.equal(
    { ...rest, headers: { ...rest.headers } },
    {
      host: '0.0.0.0',
      port: 81,
      isOpen: false,
      mode: 'fast',
      waitMs: 2000,
      strictMs: 60_000,
      windowBytes: 2048,
      headers: { A: 'b' },
      peer: { name: 'x', urls: ['u'] },
      peers: [{ name: '', urls: ['a', 'b'] }],
    },
  );
  assert.is(raw?.kind, 'array');
  assert.is(wasGiven(options, 'host'), true);
  assert.ok(Object.isFrozen(options) && Object.isFrozen(options.peers) && Object.isFrozen(options.headers));
});

test('the types of options follow from the schema', () => {
  const { options } = read('');
  const mode: 'fast' | 'safe' = options.mode;
  const urls: readonly string[] | undefined = options.peer?.urls;
  const port: number = options.port;
  assert.equal([mode, urls, port], ['safe', undefined, 80]);
});

test('a listen address sets host and port, the later one winning, and zero means the default', () => {
  const cases: [string, string, number][] = [
    ['listen: 90', 'localhost', 90],
    ['listen: "h:90"', 'h', 90],
    ['listen: "[::1]:-1"', '::1', -1],
    ['listen: ":0"', 'localhost', 80],
    ['port: 70\nlisten: "h:90"', 'h', 90],
    ['listen: "h:90"\nport: 70', 'h', 70],
    ['port: 0', 'localhost', 80],
  ];
  for (const [text, host, port] of cases) {
    const { options, lines } = read(text);
    assert.equal([options.host, options.port, lines], [host, port, []], text);
  }
});

test('all mistakes are reported at once, and the defaults stand', () => {
  const { options, lines } = read(`port: "x"
host: 5
closed: nope
mode: slow
wait: 5
strict: 5
window: 8
window: 5000
listen: "a:b"
headers: {a: 1}
peer {nmae: x, urls: 5}
peers: {}
prot: 1`);
  assert.equal(lines, [
    't.conf:1:0: interface conversion: interface {} is string, not int64',
    't.conf:2:1: interface conversion: interface {} is int64, not string',
    't.conf:3:1: interface conversion: interface {} is string, not bool',
    "t.conf:4:1: mode must be one of 'fast', 'safe'",
    't.conf:5:1: invalid use of field "wait": wait should be converted to a duration',
    't.conf:6:1: interface conversion: interface {} is int64, not string',
    't.conf:8:1: window value is too big',
    't.conf:9:1: could not parse port "b"',
    't.conf:10:11: interface conversion: interface {} is int64, not string',
    't.conf:11:7: peer knows no "nmae"; did you mean "name"?',
    't.conf:11:16: error parsing urls: unsupported type int64',
    't.conf:12:1: interface conversion: interface {} is map[string]interface {}, not []interface {}',
    't.conf:13:1: unknown field "prot"; did you mean "port"?',
  ]);
  assert.equal([options.port, options.mode, options.waitMs, options.isOpen], [80, 'safe', 5000, true]);
});

test('a value below its minimum names the minimum', () => {
  assert.equal(read('window: 8').lines, ['t.conf:1:0: window value 8 is too small, the minimum is 16']);
});

test('a field may say in its own words that a type is wrong', () => {
  const wrongType = (key: string) => `expected '${key}' to be a filename`;
  const files = defineSchema({ cert: fields.string('cert_file', { default: '', wrongType, doc: '' }) });
  const { problems } = readOptions(files, { cert_file: 5 } as object);
  assert.equal(said(problems.list), ["cert_file: expected 'cert_file' to be a filename"]);
});

test('a key that is only there for its value is tolerated, unless the block does not allow it', () => {
  assert.equal(read('size: 2k\nwindow: $size').lines, []);
  const { lines } = read('peer {n: x, name: $n}');
  assert.equal(lines, ['t.conf:1:6: peer knows no "n"']);
});

test('a block that is no map is refused with the words of its schema', () => {
  assert.equal(read('peer: 5').lines, ['t.conf:1:0: Expected peer to be a map']);
});

test('a program gives an object with the keys of the file, and mistakes name the path to them', () => {
  const { options, problems } = readOptions(schema, {
    listen: 'h:90',
    wait: '3s',
    closed: undefined,
    headers: { A: 'b' },
    peers: [{ name: 'x' }, { url: ['u', 'v'] }],
  });
  assert.equal(said(problems.list), []);
  assert.equal([options.host, options.port, options.waitMs, options.isOpen], ['h', 90, 3000, true]);
  assert.equal(options.peers[1], { name: '', urls: ['u', 'v'] });
  const untyped = { prot: 1, port: 1.5, peers: [{ name: 7 }], host: () => 'x' } as object;
  const wrong = readOptions(schema, untyped, 'options');
  assert.equal(said(wrong.problems.list), [
    'options.host: a function is no configuration value',
    'options.prot: unknown field "prot"; did you mean "port"?',
    'options.port: expected a whole number, got a number with a fraction',
    'options.peers[0].name: expected a string, got a whole number',
  ]);
});

test('two fields can not have the same key', () => {
  const twice = {
    a: fields.node('x', { default: null, doc: '' }),
    b: fields.node('X'.toLowerCase(), { default: null, doc: '' }),
  };
  assert.throws(() => defineSchema(twice), 'two fields of one block have the key "x"');
});

test('a schema documents itself', () => {
  const lines = optionTable(schema).split('\n');
  assert.is(lines[2], '| `host` (`net`) | string | `localhost` | no | The interface. |');
  assert.is(
    lines.find((line) => line.includes('`mode`')),
    '| `mode` | fast \\| safe | `safe` | yes | How. |',
  );
  assert.is(
    lines.find((line) => line.includes('`closed`')),
    '| `closed` | boolean | `false` | no | Nobody comes in. |',
  );
});

test.run();
