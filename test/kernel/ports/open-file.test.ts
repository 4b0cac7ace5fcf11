/** Files held open: the same promises on a real disk, a simulated one, and the one of the plugin kit. */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Disk, OpenFile } from '../../../kernel/ports/ports.ts';
import { createSimulation } from '../../../kernel/ports/simulated-ports.ts';
import { systemDisk } from '../../../kernel/ports/system-disk.ts';
import { type FileCalls, SystemFile } from '../../../kernel/ports/system-file.ts';
import { FakeDisk } from '../../kits/fake-ports.ts';

/** Runs the same on each disk, in an empty folder. */
function onEachDisk(name: string, run: (disk: Disk, folder: string) => Promise<void>): void {
  test(`${name}: on a real disk`, () => inFolder((folder) => run(systemDisk(), folder)));
  test(`${name}: on a simulated disk`, async () => {
    const world = createSimulation(1);
    await world.until(world.ports.disk.makeDirectory('/data').then(() => run(world.ports.disk, '/data')));
  });
  test(`${name}: on a disk of the plugin kit`, () => run(new FakeDisk(), '/data'));
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-file-'));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const bytesOf = (text: string) => Buffer.from(text);
const codeOf = (error: NodeJS.ErrnoException) => error.code;

function write(file: OpenFile, position: number, ...pieces: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    file.write(pieces.map(bytesOf), position, (error) => (error === null ? resolve() : reject(error)));
  });
}

function writeSafely(file: OpenFile, position: number, ...pieces: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    file.writeSafely(pieces.map(bytesOf), position, (error) => (error === null ? resolve() : reject(error)));
  });
}

function read(file: OpenFile, position: number, length: number): Promise<string> {
  const buffer = Buffer.alloc(length);
  return new Promise((resolve, reject) => {
    file.read(buffer, position, (error, count) => {
      if (error === null) resolve(buffer.subarray(0, count).toString());
      else reject(error);
    });
  });
}

function datasync(file: OpenFile): Promise<void> {
  return new Promise((resolve, reject) => file.datasync((error) => (error === null ? resolve() : reject(error))));
}

onEachDisk('pieces are written one after the other at a position, and read from any', async (disk, folder) => {
  const file = await disk.open(join(folder, 'file'), 'create');
  await write(file, 0, 'hello ', 'wide ', 'world');
  await write(file, 6, 'WIDE');
  await datasync(file);
  assert.is(await read(file, 0, 16), 'hello WIDE world');
  assert.is(await read(file, 11, 100), 'world', 'fewer bytes where the file ends');
  assert.is(await read(file, 50, 10), '');
  assert.is(await file.size(), 16);
  await file.close();
});

onEachDisk('what is written safely is there like all else', async (disk, folder) => {
  const file = await disk.open(join(folder, 'file'), 'create');
  await write(file, 0, 'hello world');
  await writeSafely(file, 6, 'WI', 'DE');
  await writeSafely(file, 10, ' WORLD');
  assert.is(await read(file, 0, 20), 'hello WIDE WORLD');
  await file.close();
});

test('a file that got another name is written safely under that one', () =>
  inFolder(async (folder) => {
    const disk = systemDisk();
    const file = await disk.open(join(folder, 'file.tmp'), 'create');
    await disk.rename(join(folder, 'file.tmp'), join(folder, 'file'));
    await writeSafely(file, 0, 'hello');
    await file.close();
    assert.is(Buffer.from(await disk.readFile(join(folder, 'file'))).toString(), 'hello');
  }));

test('what is written safely survives a power cut, and an error of the disk shows', async () => {
  const world = createSimulation(1);
  const { disk } = world.ports;
  const open = async () => {
    await disk.makeDirectory('/data');
    const file = await disk.open('/data/file', 'create');
    await disk.syncDirectory('/data');
    await disk.syncDirectory('');
    await writeSafely(file, 0, 'safe');
    await write(file, 4, 'lost');
    disk.faults.failNext('datasync', 'EIO');
    return writeSafely(file, 8, 'x').then(() => '', codeOf);
  };
  assert.is(await world.until(open()), 'EIO');
  disk.cutPower();
  disk.restart('none');
  assert.is(Buffer.from(disk.readFileSync('/data/file')).toString(), 'safe');
});

onEachDisk('what lies between the end and a later write is zeros', async (disk, folder) => {
  const file = await disk.open(join(folder, 'file'), 'create');
  await write(file, 4, 'x');
  assert.is(await read(file, 0, 10), '\0\0\0\0x');
  await file.preallocate(5, 3000);
  assert.is(await file.size(), 3000);
  assert.is(await read(file, 4, 3), 'x\0\0');
  await file.truncate(4);
  await file.truncate(6);
  assert.is(await read(file, 0, 10), '\0'.repeat(6));
  await file.close();
});

onEachDisk('a file is made once, and must exist to be read or changed', async (disk, folder) => {
  const path = join(folder, 'file');
  assert.is(await disk.open(path, 'update').then(() => '', codeOf), 'ENOENT');
  const file = await disk.open(path, 'create');
  await write(file, 0, 'text');
  await file.close();
  assert.is(await disk.open(path, 'create').then(() => '', codeOf), 'EEXIST');
  const reader = await disk.open(path, 'read');
  assert.is(await read(reader, 0, 4), 'text');
  await reader.close();
  const writer = await disk.open(path, 'update');
  await write(writer, 2, 'ST');
  await writer.close();
  assert.is(Buffer.from(await disk.readFile(path)).toString(), 'teST');
});

onEachDisk('a directory has one owner at a time', async (disk, folder) => {
  const lock = await disk.lock(folder);
  assert.is(await disk.lock(folder).then(() => '', codeOf), 'EBUSY');
  await lock.release();
  const next = await disk.lock(folder);
  await next.release();
});

test('a directory is removed when it is empty, and may be gone already', () =>
  inFolder(async (folder) => {
    const disk = systemDisk();
    await disk.makeDirectory(join(folder, 'sub'));
    await disk.writeFile(join(folder, 'sub', 'file'), '');
    assert.is(await disk.removeDirectory(join(folder, 'sub')).then(() => '', codeOf), 'ENOTEMPTY');
    await disk.remove(join(folder, 'sub', 'file'));
    await disk.removeDirectory(join(folder, 'sub'));
    await disk.removeDirectory(join(folder, 'sub'));
    assert.equal(await disk.list(folder), []);
  }));

/** Another process that holds the lock of a folder until it is killed. */
async function holder(folder: string): Promise<{ kill(): Promise<void> }> {
  const child = fork(new URL('./lock-holder.js', import.meta.url), [folder], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await new Promise((resolve) => child.once('message', resolve));
  return {
    kill: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

for (const depth of [1, 12]) {
  test(`a killed process leaves no lock behind, in a path of ${depth} parts`, () =>
    inFolder(async (folder) => {
      const deep = join(folder, ...Array.from({ length: depth }, () => 'a-rather-long-name'));
      const disk = systemDisk();
      const other = await holder(deep);
      const refused = await disk.lock(deep).then(() => assert.unreachable(), String);
      assert.match(refused as unknown as string, 'is in use by another process; stop that one, or give this one');
      await other.kill();
      const lock = await disk.lock(deep);
      await lock.release();
    }));
}

/** The calls of a file that do at most so many bytes at once. */
function stingyCalls(bytes: Buffer, most: number): { calls: FileCalls; count: () => number } {
  let writes = 0;
  const calls: FileCalls = {
    writev: (_, pieces, at, done) => {
      const part = Buffer.concat(pieces).subarray(0, most);
      part.copy(bytes, at);
      writes++;
      setImmediate(done, null, part.length);
    },
    read: (_, buffer, offset, length, at, done) => {
      const part = bytes.subarray(at, at + Math.min(length, most));
      buffer.set(part, offset);
      setImmediate(done, null, part.length);
    },
  };
  return { calls, count: () => writes };
}

test('D-19: a system that does less than it was asked is asked again, and one that does nothing is reported', async () => {
  const bytes = Buffer.alloc(40);
  const { calls, count } = stingyCalls(bytes, 7);
  const file = new SystemFile('/file', -1, calls);
  await write(file, 2, 'hello ', '', 'wide ', 'world, again');
  assert.is(bytes.toString('latin1', 2, 25), 'hello wide world, again');
  assert.is(count(), 4);
  assert.is(await read(file, 2, 23), 'hello wide world, again');
  const broken = new SystemFile('/file', -1, stingyCalls(bytes, 0).calls);
  const failed = await write(broken, 0, 'text').catch(String);
  assert.is(failed, 'Error: /file: none of 4 bytes were written, although the system reported no error');
});

test('more pieces than a system takes at once are all written', () =>
  inFolder(async (folder) => {
    const file = await systemDisk().open(join(folder, 'file'), 'create');
    const pieces = Array.from({ length: 2500 }, (_, index) => `${index},`);
    await write(file, 0, ...pieces);
    assert.is(await read(file, 0, 100_000), pieces.join(''));
    await file.close();
  }));

test.run();
