/** A disk whose changes stay in memory: it shows what a real one would show, and the real one stays as it was. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { OverlayDisk } from '../../bin/store/overlay-disk.ts';
import type { OpenFile } from '../../kernel/ports/ports.ts';
import { systemDisk } from '../../kernel/ports/system-disk.ts';
import { chosenSeed, Seeded } from '../fuzz/seeded.ts';
import { Folder } from './broker-process.ts';

const seed = chosenSeed();
const SIZE = 300_000;
const noLock = async () => ({ release: async () => {} });

function written(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  return new Promise((done, failed) => {
    file.write([bytes], position, (error) => (error === null ? done() : failed(error)));
  });
}

function read(file: OpenFile, length: number, position: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length).fill(0x77);
  return new Promise((done, failed) => {
    file.read(buffer, position, (error, count) => (error === null ? done(buffer.subarray(0, count)) : failed(error)));
  });
}

test('random writes, zeros, cuts and reads are those of a file, which itself does not change', async () => {
  const chance = new Seeded(seed);
  using folder = new Folder();
  for (let round = 0; round < 20; round++) {
    const start = Uint8Array.from({ length: chance.below(SIZE) }, () => chance.below(256));
    const path = folder.file(`file-${round}`);
    writeFileSync(path, start);
    const disk = new OverlayDisk(systemDisk(), noLock);
    const file = await disk.open(path, 'update');
    let model = new Uint8Array(start);
    const grown = (size: number): void => {
      if (size <= model.length) return;
      const larger = new Uint8Array(size);
      larger.set(model);
      model = larger;
    };
    for (let step = 0; step < 40; step++) {
      const place = `seed ${seed}, round ${round}, step ${step}`;
      const from = chance.below(SIZE);
      const length = chance.below(chance.once(3) ? 150_000 : 500);
      const what = chance.below(4);
      if (what === 0) {
        const bytes = new Uint8Array(length).fill(1 + chance.below(255));
        await written(file, bytes, from);
        if (length > 0) grown(from + length);
        model.set(bytes, from > model.length ? 0 : from);
      } else if (what === 1) {
        await file.preallocate(from, from + length);
        grown(from + length);
        model.fill(0, from, from + length);
      } else if (what === 2 && chance.once(4)) {
        await file.truncate(from);
        const cut = new Uint8Array(from);
        cut.set(model.subarray(0, from));
        model = cut;
      } else {
        const got = await read(file, length, from);
        assert.equal(Buffer.compare(got, model.subarray(from, from + length)), 0, place);
      }
      assert.is(await file.size(), model.length, place);
    }
    assert.is(Buffer.compare(await disk.readFile(path), model), 0);
    await file.close();
    await disk.close();
    assert.is(Buffer.compare(readFileSync(path), start), 0, 'the file is as it was');
  }
});

test('files that are made, renamed and removed are so to whoever looks through it, and to nobody else', async () => {
  using folder = new Folder();
  folder.write('old', 'old');
  folder.write('gone', 'gone');
  const disk = new OverlayDisk(systemDisk(), noLock);
  const at = (name: string): string => folder.file(name);
  await disk.writeFile(at('new'), 'new');
  await disk.remove(at('gone'));
  await disk.rename(at('old'), at('moved'));
  await disk.makeDirectory(at('sub/deeper'));
  await disk.writeFile(at('sub/deeper/leaf'), 'leaf');
  assert.equal(await disk.list(folder.path), ['moved', 'new', 'sub']);
  assert.equal(await disk.list(at('sub/deeper')), ['leaf']);
  assert.equal(Buffer.from(await disk.readFile(at('moved'))).toString(), 'old');
  for (const name of ['gone', 'old', 'never']) {
    const code = await disk.open(at(name), 'read').then(
      () => '',
      (error: { code: string }) => error.code,
    );
    assert.is(code, 'ENOENT', name);
  }
  const taken = await disk.open(at('moved'), 'create').then(
    () => '',
    (error: { code: string }) => error.code,
  );
  assert.is(taken, 'EEXIST');
  await disk.close();
  assert.equal(readdirSync(folder.path).sort(), ['gone', 'old']);
  mkdirSync(join(folder.path, 'sub'));
});

test.run();
