/** A broker of the kernel and some plugins as the text of one CommonJS file, packages included. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildFailure, BuildOptions, Message } from 'esbuild';
import type { PluginDefinition } from '../../kernel/host/plugin-definition.ts';
import type { ResolvedPlugin } from '../../kernel/host/resolve.ts';
import { CommandFailure } from '../command-failure.ts';
import { onePackage, PROGRAM, wholePackage, withoutNativeCode, withoutTools } from './bundler-rules.ts';
import type { Contents } from './contents.ts';
import { PRIVATE_NAME } from './private-mark.ts';
import { withoutUnusedParts } from './unused-parts.ts';

type Esbuild = typeof import('esbuild');

export async function oneFile(contents: Contents, isMinified: boolean): Promise<string> {
  const esbuild = await loadEsbuild();
  const settings = settingsFor(isMinified);
  const folder = await mkdtemp(join(tmpdir(), 'gnatlet-build-'));
  try {
    const list = join(folder, 'contents.mjs');
    await writeFile(list, addedModule(contents));
    const { outputFiles } = await esbuild.build({
      ...settings,
      entryPoints: [PROGRAM],
      inject: contents.strangers.length === 0 ? [] : [list],
      format: 'cjs',
      banner: { js: 'const gnatletFile = require("node:url").pathToFileURL(__filename).href;' },
      define: { 'import.meta.url': 'gnatletFile' },
      plugins: [
        onePackage,
        // A plugin of somebody else may ask a package for what this one does not.
        ...(contents.strangers.length === 0 ? [withoutUnusedParts] : []),
        withoutTools(contents.own),
        withoutNativeCode,
        wholePackage(esbuild, settings, contents.own),
      ],
    });
    return outputFiles![0]!.text;
  } catch (error) {
    throw isBuildFailure(error) ? new CommandFailure(`build: ${error.errors.map(described).join('; ')}`) : error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** It is only needed here, and ten times the size of the broker: whoever builds brings it. */
async function loadEsbuild(): Promise<Esbuild> {
  try {
    return await import('esbuild');
  } catch {
    throw new CommandFailure('build: this needs the package esbuild; install it with: npm install esbuild');
  }
}

function settingsFor(isMinified: boolean): BuildOptions {
  return {
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    minify: isMinified,
    keepNames: !isMinified,
    mangleProps: isMinified ? PRIVATE_NAME : undefined,
    legalComments: 'none',
    logLevel: 'silent',
    // A tsconfig.json that happens to lie about must not have a say.
    tsconfigRaw: {},
  };
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return Array.isArray((error as Partial<BuildFailure>).errors);
}

/** Where it is said that a package is wanted shows whose mistake it is. */
function described({ text, location, pluginName }: Message): string {
  return location === null || pluginName !== '' ? text : `${location.file}:${location.line}: ${text}`;
}

// --- What is inside ---

/** Takes the place of the name GNATLET_ADDED; see built-in.ts. */
function addedModule({ strangers }: Contents): string {
  const added = strangers.map(
    (stranger) => `{...${JSON.stringify(claimsOf(stranger.definition))}, ${loadOf(stranger)}}`,
  );
  return `export const GNATLET_ADDED = [${added.join(', ')}];\n`;
}

function loadOf({ source }: ResolvedPlugin): string {
  const path = JSON.stringify(fileURLToPath(`file://${source}`));
  return `load: async () => { const found = await import(${path}); return found.plugin ?? found.default; }`;
}

/** What the table has to say of it. */
function claimsOf({ name, config, provides = [] }: PluginDefinition): object {
  const blocks = config === undefined ? [] : [config, ...(config.also ?? [])];
  const aliases = blocks.flatMap(({ key, aliases: spelled = [] }) => spelled.map((alias) => [alias, key]));
  return {
    name,
    keys: blocks.map(({ key }) => key),
    aliases: Object.fromEntries(aliases),
    accountKeys: config?.accountKeys ?? [],
    provides: provides.map((offer) => offer.name),
  };
}
