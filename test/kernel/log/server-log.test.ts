import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogDestination, LogRecord } from '../../../kernel/log/log-record.ts';
import { RepeatLimit } from '../../../kernel/log/repeat-limit.ts';
import { ServerLog } from '../../../kernel/log/server-log.ts';

class Paper implements LogDestination {
  readonly records: LogRecord[] = [];
  isClosed = false;

  get lines(): string[] {
    return this.records.map(({ level, text }) => `${level} ${text}`);
  }

  write(record: LogRecord): void {
    this.records.push(record);
  }

  reopen(): boolean {
    return true;
  }

  close(): void {
    this.isClosed = true;
  }
}

function sayAll(log: ServerLog): void {
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) log[level](`${level} 100%d %s`);
}

const LEVELS: [isDebugging: boolean, isTracing: boolean, shown: string[]][] = [
  [false, false, ['info', 'warn', 'error', 'fatal']],
  [true, false, ['debug', 'info', 'warn', 'error', 'fatal']],
  [false, true, ['trace', 'info', 'warn', 'error', 'fatal']],
  [true, true, ['trace', 'debug', 'info', 'warn', 'error', 'fatal']],
];

for (const [isDebugging, isTracing, shown] of LEVELS) {
  test(`debug ${isDebugging} and trace ${isTracing} show ${shown.join(', ')}, word for word`, () => {
    const paper = new Paper();
    const log = new ServerLog(paper, () => 1, { isDebugging, isTracing });
    sayAll(log);
    assert.equal(
      paper.lines,
      shown.map((level) => `${level} ${level} 100%d %s`),
    );
    assert.is(log.isDebugging, isDebugging);
    assert.is(log.isTracing, isTracing);
  });
}

test('levels change while it runs', () => {
  const paper = new Paper();
  const log = new ServerLog(paper, () => 1, { isDebugging: false, isTracing: false });
  log.setLevels({ isDebugging: true, isTracing: true });
  sayAll(log);
  assert.is(paper.records.length, 6);
});

test('a new destination takes over at once and the old one is closed', () => {
  const before = new Paper();
  const after = new Paper();
  const log = new ServerLog(before, () => 1, { isDebugging: false, isTracing: false });
  log.info('one');
  log.replaceDestination(after);
  log.info('two');
  assert.equal(before.lines, ['info one']);
  assert.is(before.isClosed, true);
  assert.equal(after.lines, ['info two']);
});

test('one fault that repeats does not fill the log, and is told again a second later', () => {
  const paper = new Paper();
  let now = 0;
  const log = new ServerLog(paper, () => now, { isDebugging: false, isTracing: false });
  for (let count = 0; count < 100; count++) {
    log.error('again');
    log.info('fine');
  }
  assert.is(paper.lines.filter((line) => line === 'error again').length, 5);
  assert.is(paper.lines.filter((line) => line === 'info fine').length, 100);
  now = 1000;
  log.error('again');
  assert.is(paper.lines.filter((line) => line === 'error again').length, 6);
});

test('many different faults are all told, and not remembered for ever', () => {
  const limit = new RepeatLimit();
  for (let count = 0; count < 5000; count++) assert.ok(limit.admits('warn', `fault ${count}`, 1));
});

test.run();
