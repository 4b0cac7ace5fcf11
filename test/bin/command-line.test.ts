import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NATS_VERSION } from '../../kernel/version.ts';
import { Folder, run } from './broker-process.ts';

interface Case {
  words: string[];
  code: number;
  err?: string;
  /** How what is printed begins. */
  out?: string;
}

const USAGE = '\nUsage: nats-server [options]';
const VERSION = `nats-server: v${NATS_VERSION}\n`;

const CASES: Case[] = [
  { words: ['-v'], code: 0, out: VERSION },
  { words: ['--version'], code: 0, out: VERSION },
  { words: ['VERSION'], code: 0, out: VERSION },
  { words: ['version', 'and', 'more'], code: 0, out: VERSION },
  { words: ['-h'], code: 0, out: USAGE },
  { words: ['help'], code: 0, out: USAGE },
  { words: ['--help_tls'], code: 0, out: '\nTLS' },
  { words: ['-x'], code: 0, err: 'flag provided but not defined: -x\n', out: USAGE },
  { words: ['--unheard-of=1'], code: 0, err: 'flag provided but not defined: -unheard-of\n', out: USAGE },
  { words: ['-p', 'abc'], code: 0, err: 'invalid value "abc" for flag -p: parse error\n', out: USAGE },
  {
    words: ['-p', '99999999999999999999'],
    code: 0,
    err: 'invalid value "99999999999999999999" for flag -p: value out of range\n',
  },
  { words: ['-p'], code: 0, err: 'flag needs an argument: -p\n', out: USAGE },
  { words: ['-D=x'], code: 0, err: 'invalid boolean value "x" for -D: parse error\n', out: USAGE },
  { words: ['-T=maybe'], code: 0, err: 'invalid boolean value "maybe" for -T: parse error\n' },
  { words: ['--=x'], code: 0, err: 'bad flag syntax: --=x\n', out: USAGE },
  { words: ['---x'], code: 0, err: 'bad flag syntax: ---x\n', out: USAGE },
  { words: ['foo'], code: 1, err: 'nats-server: unrecognized command: "foo"\n' },
  {
    words: ['-t'],
    code: 1,
    err: 'nats-server: must specify [-c, --config] option to check configuration file syntax\n',
  },
  { words: ['-c', '/nowhere.conf'], code: 1, err: 'nats-server: open /nowhere.conf: no such file or directory\n' },
  {
    words: ['-t', '-c', '/nowhere.conf'],
    code: 1,
    err: 'nats-server: open /nowhere.conf: no such file or directory\n',
  },
  { words: ['--tls'], code: 1, err: 'nats-server: TLS Server certificate must be present and valid\n' },
  { words: ['--tlscert', 'x'], code: 1, err: 'nats-server: TLS Server private key must be present and valid\n' },
  {
    words: ['--routes', 'nats://h:1'],
    code: 1,
    err: 'nats-server: solicited routes require cluster capabilities, e.g. --cluster\n',
  },
  { words: ['--signal', 'jump'], code: 1, err: 'nats-server: unknown signal "jump"\n' },
  { words: ['--signal', 'jump=1'], code: 1, err: 'nats-server: unknown signal "jump"\n' },
  { words: ['-sl=reload=abc'], code: 1, err: 'nats-server: invalid pid: abc\n' },
  { words: ['-sl', 'ldm=/nowhere/pid'], code: 1, err: 'nats-server: invalid pid: /nowhere/pid\n' },
  { words: ['-sl', 'a=b=c'], code: 1, err: 'nats-server: invalid signal parameters: [c]\n' },
  { words: ['-sl', 'reload=4194999'], code: 1, err: 'nats-server: \nsignal "reload" 4194999: no such process\n' },
  {
    words: ['-l', '/nowhere/x.log'],
    code: 1,
    err: 'error opening file: open /nowhere/x.log: no such file or directory\n',
  },
  { words: ['-r', 'foo://x'], code: 1, err: 'error invalid network type: "foo"\n' },
];

for (const { words, code, err = '', out = '' } of CASES) {
  test(`"${words.join(' ')}" ends with ${code}, and says what a NATS server says`, async () => {
    const outcome = await run(words);
    assert.is(outcome.err, err);
    assert.is(outcome.out.slice(0, out.length), out);
    assert.is(outcome.code, code);
  });
}

test('switching a plugin off that does not run is no mistake', async () => {
  assert.is((await run(['-js=false', '-v'])).code, 0);
});

test('a signal whose pid file holds more than digits is refused, because other readers take every byte', async () => {
  using folder = new Folder();
  const file = folder.write('pid', '12\n');
  const { code, err } = await run(['-sl', `reload=${file}`]);
  assert.is(code, 1);
  assert.is(err, 'nats-server: invalid pid: 12\n\n');
});

test.run();
