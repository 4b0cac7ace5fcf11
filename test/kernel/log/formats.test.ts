import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { jsonFormat } from '../../../kernel/log/json-format.ts';
import type { LogLevel } from '../../../kernel/log/log-record.ts';
import { logTime } from '../../../kernel/log/log-time.ts';
import { SYSLOG_DAEMON, SYSLOG_KERNEL, syslogLine } from '../../../kernel/log/syslog-format.ts';
import { textFormat } from '../../../kernel/log/text-format.ts';

const TIME = Date.UTC(2026, 0, 2, 3, 4, 5) + 6.789;
const PLAIN = { pid: 12, hasTime: true, isUtc: true, isColoured: false };

const LABELS: [level: LogLevel, label: string, coloured: string][] = [
  ['info', 'INF', '\x1b[32mINF\x1b[0m'],
  ['debug', 'DBG', '\x1b[36mDBG\x1b[0m'],
  ['warn', 'WRN', '\x1b[0;93mWRN\x1b[0m'],
  ['error', 'ERR', '\x1b[31mERR\x1b[0m'],
  ['fatal', 'FTL', '\x1b[31mFTL\x1b[0m'],
  ['trace', 'TRC', '\x1b[33mTRC\x1b[0m'],
];

for (const [level, label, coloured] of LABELS) {
  test(`a line of level ${level} is marked ${label}`, () => {
    const record = { level, time: TIME, text: 'hello' };
    assert.is(textFormat(PLAIN)(record), `[12] 2026/01/02 03:04:05.006789 [${label}] hello\n`);
    assert.is(textFormat({ ...PLAIN, hasTime: false })(record), `[12] [${label}] hello\n`);
    const isColoured = textFormat({ ...PLAIN, hasTime: false, isColoured: true });
    assert.is(isColoured(record), `[12] [${coloured}] hello\n`);
  });
}

test('the time is that of the place unless UTC is asked for', () => {
  const local = new Date(TIME);
  const hours = String(local.getHours()).padStart(2, '0');
  const line = textFormat({ ...PLAIN, isUtc: false })({ level: 'info', time: TIME, text: '' });
  assert.ok(line.includes(` ${hours}:${String(local.getMinutes()).padStart(2, '0')}:05.006789 `), line);
});

test('lines of one second after those of another have their own time', () => {
  const format = textFormat(PLAIN);
  format({ level: 'info', time: TIME, text: '' });
  assert.match(format({ level: 'info', time: TIME + 1000, text: '' }), /03:04:06\.006789/);
  assert.match(format({ level: 'info', time: TIME, text: '' }), /03:04:05\.006789/);
});

test('a JSON line has the keys and level numbers that readers of such logs know', () => {
  const line = jsonFormat(12, 'host')({ level: 'warn', time: TIME, text: 'say "hi"\n' });
  assert.ok(line.endsWith('}\n'));
  assert.equal(JSON.parse(line), { level: 40, time: Math.floor(TIME), pid: 12, hostname: 'host', msg: 'say "hi"\n' });
});

test('a line for the system log has facility and severity, and no label', () => {
  const sender = { facility: SYSLOG_KERNEL, hostname: 'h', tag: 't', pid: 1 };
  assert.match(
    syslogLine(sender, { level: 'error', time: TIME, text: 'x' }),
    /^<3>2026-01-0\dT\d\d:\d\d:05\S+ h t\[1\]: x\n$/,
  );
  const local = { ...sender, facility: SYSLOG_DAEMON, hostname: '' };
  assert.match(syslogLine(local, { level: 'info', time: TIME, text: 'x' }), /^<29>\S+ t\[1\]: x\n$/);
});

test('the time of the log has fractions, goes forward, and follows the wall clock when that is set', () => {
  let wall = 1000;
  let steady = 5;
  const time = logTime({ now: () => wall, monotonic: () => steady });
  assert.is(time(), 1000);
  steady += 0.25;
  assert.is(time(), 1000.25);
  wall += 1;
  steady += 0.5;
  assert.is(time(), 1000.75);
  wall = 50;
  assert.is(time(), 50);
  steady += 0.5;
  assert.is(time(), 50.5);
});

test.run();
