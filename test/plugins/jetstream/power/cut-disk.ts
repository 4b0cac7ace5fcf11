/**
 * A real file system on a disk whose cache is lost when its power fails. The disk is an image that lies on a file system of its own, and
 * its cache is what the machine keeps of that image in memory: a flush of the disk is a sync of the image, and nothing else is. So what
 * was flushed can be told from what was only written.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const MIB = 2 ** 20;
const DISK_BYTES = 128 * MIB;
const PLATTER_BYTES = 160 * MIB;

/** Why there can be no such disk here; empty where there can. */
export function whyNoCutDisk(): string {
  if (process.platform !== 'linux') return 'file systems are mounted as on Linux';
  if (process.getuid?.() !== 0) return 'only root mounts file systems';
  const wanted = [
    ['unshare', '--mount', 'losetup', '--find'],
    ['mkfs.ext4', '-V'],
    ['fsfreeze', '--version'],
  ];
  for (const [program, ...words] of wanted as [string, ...string[]][]) {
    const { status, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
    if (status !== 0) return `${program} does not work: ${(error?.message ?? stderr).trim()}`;
  }
  return '';
}

/** To be used in a process with mounts of its own (`unshare --mount`), so that nothing is left when it dies. */
export class CutDisk {
  /** Where the file system of the disk is, while its power is on. */
  readonly path: string;
  private readonly platter: string;
  private readonly holder: string;
  private readonly image: string;

  constructor(folder: string) {
    this.path = join(folder, 'disk');
    this.platter = join(folder, 'platter');
    this.holder = join(folder, 'holder');
    this.image = join(this.holder, 'image');
    for (const name of [this.path, this.holder, `${this.holder}-then`]) mkdirSync(name);
    emptyFile(this.platter, PLATTER_BYTES);
    // Without a journal there, a sync of the image writes the image and nothing beside it.
    execFileSync('mkfs.ext4', ['-q', '-F', '-O', '^has_journal', this.platter]);
    mount(this.platter, this.holder);
    writeFileSync(this.image, Buffer.alloc(DISK_BYTES));
    execFileSync('mkfs.ext4', ['-q', '-F', this.image]);
  }

  /** Nothing is written by the machine of its own accord: only what somebody syncs. */
  on(): void {
    execFileSync('sync', ['-f', this.image]);
    mount(this.image, this.path, 'loop,noatime,commit=600');
  }

  /** What the disk has been given at this moment, in the midst of everything; then whoever uses it is killed. */
  writtenNow(kill: () => void): Buffer {
    // It stands still, and so does whoever waits for it.
    execFileSync('fsfreeze', ['--freeze', this.holder]);
    try {
      return this.flushed();
    } finally {
      kill();
      execFileSync('fsfreeze', ['--unfreeze', this.holder]);
    }
  }

  /** The power fails: answers what was flushed. */
  cut(): Buffer {
    const bytes = this.flushed();
    execFileSync('umount', [this.path]);
    return bytes;
  }

  private flushed(): Buffer {
    const [copy, then] = [`${this.platter}-then`, `${this.holder}-then`];
    copyFileSync(this.platter, copy);
    mount(copy, then);
    const bytes = readFileSync(join(then, 'image'));
    execFileSync('umount', [then]);
    rmSync(copy);
    return bytes;
  }

  /** The disk as a power cut left it, to go on with. */
  put(bytes: Buffer): void {
    const file = openSync(this.image, 'r+');
    const piece = Buffer.alloc(MIB);
    for (let at = 0; at < bytes.length; at += MIB) {
      readSync(file, piece, 0, MIB, at);
      if (bytes.compare(piece, 0, MIB, at, at + MIB) !== 0) writeSync(file, bytes, at, MIB, at);
    }
    closeSync(file);
  }

  [Symbol.dispose](): void {
    for (const path of [this.path, this.holder]) spawnSync('umount', [path]);
  }
}

/** What a power cut left, on a disk that is there to be looked at. */
export class LookedAtDisk {
  readonly path: string;

  constructor(folder: string, bytes: Uint8Array) {
    this.path = join(folder, 'looked-at');
    mkdirSync(this.path, { recursive: true });
    writeFileSync(`${this.path}.image`, bytes);
    mount(`${this.path}.image`, this.path);
  }

  [Symbol.dispose](): void {
    execFileSync('umount', [this.path]);
  }
}

function emptyFile(path: string, bytes: number): void {
  const file = openSync(path, 'w');
  ftruncateSync(file, bytes);
  closeSync(file);
}

function mount(image: string, path: string, options = 'loop,noatime'): void {
  execFileSync('mount', ['-o', options, image, path]);
}
