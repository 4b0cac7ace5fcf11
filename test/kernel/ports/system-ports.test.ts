import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemPorts } from '../../../kernel/ports/system-ports.ts';

const { clock, random, disk } = systemPorts();

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-ports-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

test('both clocks run, and only forward', () => {
  const began = clock.monotonic();
  assert.ok(Math.abs(clock.now() - Date.now()) < 1000);
  assert.ok(clock.monotonic() >= began);
});

test('a timer runs once, and not when it was cancelled', async () => {
  const cancelled = clock.after(1, () => assert.unreachable());
  cancelled.cancel();
  await new Promise<void>((resolve) => clock.after(2, resolve));
});

test('a timer that is months away does not run at once', async () => {
  const timer = clock.after(90 * 86_400_000, () => assert.unreachable());
  await new Promise<void>((resolve) => clock.after(3, resolve));
  timer.cancel();
});

test('soon comes after the promises of this turn', async () => {
  const order: string[] = [];
  const done = new Promise<void>((resolve) =>
    clock.soon(() => {
      order.push('soon');
      resolve();
    }),
  );
  Promise.resolve().then(() => order.push('promise'));
  await done;
  assert.equal(order, ['promise', 'soon']);
});

test('random numbers stay in their bounds and reach all of them', () => {
  const seen = new Set<number>();
  for (let count = 0; count < 1000; count++) {
    seen.add(random.below(10));
    const fraction = random.fraction();
    assert.ok(fraction >= 0 && fraction < 1);
    const large = random.below(2 ** 48);
    assert.ok(Number.isInteger(large) && large >= 0 && large < 2 ** 48);
  }
  assert.equal([...seen].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.is(random.below(1), 0);
  assert.is(random.bytes(16).length, 16);
  assert.is.not(text(random.bytes(16)), text(random.bytes(16)));
});

test('a file is replaced as a whole and leaves nothing beside it', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'deep', 'file');
    await disk.makeDirectory(join(folder, 'deep'));
    await disk.makeDirectory(join(folder, 'deep'));
    await disk.writeFile(path, 'first');
    await disk.writeFile(path, Buffer.from('second'));
    assert.is(text(await disk.readFile(path)), 'second');
    assert.is(text(disk.readFileSync(path)), 'second');
    assert.equal(await disk.list(join(folder, 'deep')), ['file']);
    await disk.remove(path);
    await disk.remove(path);
    assert.equal(await disk.list(join(folder, 'deep')), []);
  }));

test('a file that is renamed takes the place of another', () =>
  inFolder(async (folder) => {
    const [one, other] = [join(folder, 'one'), join(folder, 'other')];
    await disk.writeFile(one, '1');
    await disk.writeFile(other, '2');
    await disk.rename(one, other);
    await disk.syncDirectory(folder);
    assert.equal(await disk.list(folder), ['other']);
    assert.is(text(await disk.readFile(other)), '1');
    assert.is(await disk.rename(one, other).catch((error: NodeJS.ErrnoException) => error.code), 'ENOENT');
    assert.is(await disk.syncDirectory(one).catch((error: NodeJS.ErrnoException) => error.code), 'ENOENT');
  }));

test('a replaced file keeps its permissions, and a link stays a link', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'file');
    await disk.writeFile(path, 'first');
    chmodSync(path, 0o600);
    symlinkSync(path, join(folder, 'link'));
    await disk.writeFile(join(folder, 'link'), 'second');
    assert.is(text(disk.readFileSync(path)), 'second');
    assert.is(lstatSync(join(folder, 'link')).isSymbolicLink(), true);
    if (process.platform !== 'win32') assert.is(statSync(path).mode & 0o777, 0o600);
  }));

test('a device is written to and not replaced', async () => {
  if (!existsSync('/dev/null')) return;
  await disk.writeFile('/dev/null', 'gone');
  assert.is(statSync('/dev/null').isCharacterDevice(), true);
});

test('a write that fails names the reason and leaves nothing behind', () =>
  inFolder(async (folder) => {
    const failed = disk.writeFile(join(folder, 'nowhere', 'file'), 'text');
    assert.is(await failed.catch((error: NodeJS.ErrnoException) => error.code), 'ENOENT');
    assert.equal(readdirSync(folder), []);
  }));

test('a pending timer keeps the process alive', () => {
  const module = new URL('../../../kernel/ports/system-clock.js', import.meta.url).href;
  const program = `import { systemClock } from '${module}'; systemClock().after(20, () => console.log('ran'));`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program]);
  assert.is(printed.toString(), 'ran\n');
});

test.run();
