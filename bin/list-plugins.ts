/** `plugins`: what would run with these flags and this file, and what else the build has. */
import { type DefinitionDescription, describeDefinition } from '../kernel/host/describe.ts';
import { planPlugins } from '../kernel/host/plugin-plan.ts';
import { KNOWN_PLUGINS, knownProviders } from './built-in.ts';
import { readSoundConfiguration } from './configuration.ts';
import type { FlagValue } from './flags.ts';
import { PRESETS } from './presets.ts';
import { requestOf } from './request.ts';

export async function listPlugins(given: ReadonlyMap<string, FlagValue>): Promise<string> {
  const { plugins } = await readSoundConfiguration(requestOf(given));
  const { order, problems } = planPlugins(
    plugins.map(({ definition }) => definition),
    knownProviders(),
  );
  const running = new Set(order.map(({ name }) => name));
  const idle = await describeIdle(running);
  const absent = KNOWN_PLUGINS.filter(({ load }) => load === undefined).map(({ name }) => name);
  return [
    section('These run, in this order', order.map(describeDefinition).map(block)),
    section('Also in this build', idle.map(block)),
    section('Not in this build', [absent.join(', ')]),
    section(
      'Presets',
      [...PRESETS].map(([name, list]) => `${name}: ${list.join(', ') || 'no plugins'}`),
    ),
    section(
      'Problems',
      problems.map(({ message }) => message),
    ),
  ].join('');
}

async function describeIdle(running: ReadonlySet<string>): Promise<DefinitionDescription[]> {
  const idle = KNOWN_PLUGINS.filter(({ name, load }) => load !== undefined && !running.has(name));
  return Promise.all(idle.map(async ({ load }) => describeDefinition(await load!())));
}

function section(title: string, entries: readonly string[]): string {
  const shown = entries.filter((entry) => entry !== '').map((entry) => `  ${entry.replaceAll('\n', '\n  ')}\n`);
  return shown.length === 0 ? '' : `${title}:\n${shown.join('')}`;
}

const SHOWN: readonly (readonly [label: string, key: keyof DefinitionDescription])[] = [
  ['provides', 'provides'],
  ['requires', 'requires'],
  ['keys', 'configKeys'],
  ['flags', 'flags'],
  ['verbs', 'verbs'],
  ['subjects', 'subjects'],
  ['endpoints', 'endpoints'],
];

function block(description: DefinitionDescription): string {
  const { name, version, summary } = description;
  const lines = SHOWN.flatMap(([label, key]) => {
    const values = description[key] as readonly string[];
    return values.length === 0 ? [] : [`  ${label.padEnd(10)}${values.join(', ')}`];
  });
  return [`${name} ${version}${summary === '' ? '' : `  ${summary}`}`, ...lines].join('\n');
}
