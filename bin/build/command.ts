/** `gnatlet build`: a broker of one's own choice. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BUILD_USAGE, type BuildRequest, type Format, parseBuildRequest } from './build-request.ts';
import { type Contents, readContents } from './contents.ts';
import { type ArchiveEntry, file } from './formats/archives.ts';
import { DEBIAN_FILE, debianPackage } from './formats/debian-package.ts';
import { dockerFolder } from './formats/docker-folder.ts';
import { executable } from './formats/executable.ts';
import { oneFile } from './one-file.ts';

/** Answers what to say: what was made, how large, and of what. */
export async function build(words: readonly string[], folder: string): Promise<string> {
  const request = parseBuildRequest(words);
  if (request === 'help') return BUILD_USAGE;
  const contents = await readContents(request.plugins, folder);
  const program = await oneFile(contents, request.isMinified);
  const results = await RESULTS[request.format](program, contents.own);
  const out = resolve(folder, request.out ?? USUAL_NAMES[request.format]);
  for (const result of results) await write(out, result);
  return summary(out, results, contents, request);
}

const USUAL_NAMES: Record<Format, string> = {
  cjs: 'gnatlet.cjs',
  sea: 'gnatlet',
  deb: DEBIAN_FILE,
  docker: 'gnatlet-docker',
};

type Result = ArchiveEntry;

/** Paths below where the result goes; one without a path is the result. */
const RESULTS: Record<Format, (program: string, plugins: readonly string[]) => Promise<Result[]>> = {
  cjs: async (program) => [file('', program, 0o755)],
  sea: async (program) => [file('', await executable(program), 0o755)],
  deb: async (program, plugins) => [file('', debianPackage(program, plugins))],
  docker: async (program) => dockerFolder(program),
};

/** What stood there before goes: a program that runs must not change under its feet. */
async function write(out: string, { path, content, mode }: Result): Promise<void> {
  const target = join(out, path);
  await mkdir(dirname(target), { recursive: true });
  await rm(target, { force: true });
  await writeFile(target, content, { mode });
}

function summary(out: string, results: readonly Result[], contents: Contents, { format }: BuildRequest): string {
  const bytes = results.reduce((sum, { content }) => sum + content.length, 0);
  const strangers = contents.strangers.map(({ definition }) => definition.name);
  const plugins = [...contents.own, ...strangers].join(', ') || 'no plugins';
  return `${out} (${format}, ${Math.ceil(bytes / 1000)} kB): kernel, ${plugins}\n`;
}
