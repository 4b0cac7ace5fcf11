import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FileDestination, type LogFiles, type OpenLogFile } from '../../../kernel/log/file-destination.ts';

/** Files that exist only here. */
class PaperFiles implements LogFiles {
  readonly texts = new Map<string, string>();
  /** What a call should fail with. */
  readonly broken = new Map<keyof LogFiles | 'write', Error>();

  append(path: string): OpenLogFile {
    this.mayFail('append');
    let name = path;
    this.texts.set(path, this.texts.get(path) ?? '');
    const files = this;
    this.open.push({ rename: (to) => (name = to), path: () => name });
    return {
      get bytes() {
        return files.texts.get(name)!.length;
      },
      write(text) {
        files.mayFail('write');
        files.texts.set(name, files.texts.get(name)! + text);
      },
      close() {},
    };
  }

  rename(from: string, to: string): void {
    this.mayFail('rename');
    this.texts.set(to, this.texts.get(from)!);
    this.texts.delete(from);
    for (const file of this.open) if (file.path() === from) file.rename(to);
  }

  beginningWith(path: string): string[] {
    return [...this.texts.keys()].filter((name) => name.startsWith(path));
  }

  remove(path: string): void {
    this.mayFail('remove');
    this.texts.delete(path);
  }

  private readonly open: { rename(to: string): void; path(): string }[] = [];

  private mayFail(call: keyof LogFiles | 'write'): void {
    const error = this.broken.get(call);
    if (error !== undefined) throw error;
  }
}

const START = Date.UTC(2026, 0, 2, 3, 4, 5);

function logInto(files: PaperFiles, limits: { bytesMax?: number; filesMax?: number } = {}) {
  let now = START;
  const complaints: string[] = [];
  const destination = new FileDestination({
    path: '/a.log',
    files,
    format: ({ text }) => `${text}\n`,
    time: () => now++,
    bytesMax: limits.bytesMax ?? 0,
    filesMax: limits.filesMax ?? 0,
    complain: (text) => complaints.push(text),
  });
  return {
    destination,
    complaints,
    say: (text: string) => destination.write({ level: 'info', time: now, text }),
    passMs: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

test('lines are appended to what the file holds', () => {
  const files = new PaperFiles();
  files.texts.set('/a.log', 'old\n');
  const { say } = logInto(files);
  say('new');
  assert.is(files.texts.get('/a.log'), 'old\nnew\n');
});

test('past its size the file is put aside under a name with the time, and the new one says so', () => {
  const files = new PaperFiles();
  const { say } = logInto(files, { bytesMax: 100 });
  const long = 'x'.repeat(200);
  say(long);
  const [backup, ...more] = files.beginningWith('/a.log.');
  assert.equal(more, []);
  assert.match(backup!, /^\/a\.log\.2026\.01\.0[123]\.\d\d\.\d\d\.05\.\d{9}$/);
  assert.is(files.texts.get(backup!), `${long}\n`);
  assert.is(files.texts.get('/a.log'), `Rotated log, backup saved as "${backup}"\r\n`);
});

test('a file that is too large at the start is put aside at once', () => {
  const files = new PaperFiles();
  files.texts.set('/a.log', 'much too long\n');
  logInto(files, { bytesMax: 5 });
  const [backup] = files.beginningWith('/a.log.');
  assert.is(files.texts.get(backup!), 'much too long\nRotating logfile...\n');
});

test('of all files no more than the limit are kept, the oldest go', () => {
  const files = new PaperFiles();
  const oldest = '/a.log.2020.01.01.00.00.00.000000000';
  files.texts.set(oldest, '');
  files.texts.set('/a.log.gz', 'not ours');
  const { say } = logInto(files, { bytesMax: 100, filesMax: 2 });
  say('x'.repeat(200));
  const backups = files.beginningWith('/a.log.').filter((name) => !name.endsWith('gz'));
  assert.is(backups.length, 1);
  assert.not.equal(backups, [oldest]);
  assert.ok(files.texts.get('/a.log')!.endsWith(`Purged log file "${oldest}"\r\n`));
  assert.ok(files.texts.has('/a.log.gz'));
});

test('a rotation that fails leaves the log as it is, says why, and is tried again later', () => {
  const files = new PaperFiles();
  files.broken.set('rename', new Error('read-only'));
  const { say, passMs, complaints } = logInto(files, { bytesMax: 100 });
  say('x'.repeat(200));
  say('more');
  assert.equal(complaints, ['Unable to rotate the log: Error: read-only (/a.log)\n']);
  assert.is(files.texts.get('/a.log')!.match(/Unable to rotate the log/g)!.length, 1);
  files.broken.clear();
  passMs(60_000);
  say('again');
  assert.is(files.beginningWith('/a.log.').length, 1);
});

test('a disk that is full stops nothing; it is said once elsewhere, and later in the log how much is missing', () => {
  const files = new PaperFiles();
  const { say, complaints } = logInto(files);
  files.broken.set('write', new Error('ENOSPC'));
  say('lost');
  say('lost too');
  assert.equal(complaints, ['Unable to write to the log file, lines are lost: Error: ENOSPC (/a.log)\n']);
  files.broken.clear();
  say('kept');
  assert.is(files.texts.get('/a.log'), 'kept\n2 lines are missing here: the log file could not be written\n');
  say('kept too');
  files.broken.set('write', new Error('EIO'));
  say('lost again');
  assert.is(complaints.length, 2);
});

test('reopening begins a new file once the old one was moved away', () => {
  const files = new PaperFiles();
  const { destination, say } = logInto(files);
  say('one');
  files.rename('/a.log', '/b.log');
  say('two');
  assert.is(destination.reopen(), true);
  say('three');
  assert.is(files.texts.get('/b.log'), 'one\ntwo\n');
  assert.is(files.texts.get('/a.log'), 'three\n');
});

test('a file that cannot be reopened leaves the log where it was', () => {
  const files = new PaperFiles();
  const { destination, say } = logInto(files);
  files.broken.set('append', new Error('denied'));
  assert.throws(() => destination.reopen(), 'denied');
  say('still here');
  assert.is(files.texts.get('/a.log'), 'still here\n');
});

test.run();
