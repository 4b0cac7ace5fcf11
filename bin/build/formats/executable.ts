/** One executable: Node.js as it runs here, with the broker inside (a "single executable application"). */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CommandFailure } from '../../command-failure.ts';
import { withNote } from './elf-note.ts';

/** Node.js looks whether the last character is a one, and if so, for the note. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:';
const NOTE_NAME = 'NODE_SEA_BLOB';

export async function executable(program: string): Promise<Buffer> {
  const node = await readFile(process.execPath);
  const found = withNote(node, NOTE_NAME, await preparedScript(program));
  if (found === null) {
    throw new CommandFailure(
      'build: --format sea writes programs for Linux only; elsewhere build with --format cjs and put it into a copy of node with postject, as the documentation of Node.js says under "Single executable applications"',
    );
  }
  return ignite(found);
}

/** What Node.js makes of the script to be found inside itself. */
async function preparedScript(program: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'gnatlet-sea-'));
  const file = (name: string): string => join(folder, name);
  try {
    await writeFile(file('main.cjs'), program);
    const settings = { main: file('main.cjs'), output: file('blob'), disableExperimentalSEAWarning: true };
    await writeFile(file('settings.json'), JSON.stringify(settings));
    await promisify(execFile)(process.execPath, ['--experimental-sea-config', file('settings.json')]);
    return await readFile(file('blob'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function ignite(program: Buffer): Buffer {
  const at = program.indexOf(`${FUSE}0`);
  if (at < 0) {
    throw new CommandFailure(`build: ${process.execPath} has no place for a script; take Node.js from nodejs.org`);
  }
  program.write('1', at + FUSE.length, 'latin1');
  return program;
}
