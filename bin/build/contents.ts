/** Which plugins go into a build: looked up, and checked against each other as a broker would at its start. */
import { planError, planPlugins } from '../../kernel/host/plugin-plan.ts';
import { type ResolvedPlugin, resolvePlugins } from '../../kernel/host/resolve.ts';
import { systemClock } from '../../kernel/ports/system-clock.ts';
import { builtInLoaders, KNOWN_PLUGINS, knownProviders } from '../built-in.ts';
import { CommandFailure } from '../command-failure.ts';
import { BUILD_PRESETS } from './build-presets.ts';

export interface Contents {
  /** Of this build, by name. */
  readonly own: readonly string[];
  /** Packages and files of others. */
  readonly strangers: readonly ResolvedPlugin[];
}

export async function readContents(requests: readonly string[], folder: string): Promise<Contents> {
  const names = requests.flatMap((name) => BUILD_PRESETS.get(name) ?? [name]);
  const absent = KNOWN_PLUGINS.filter(({ name, load }) => load === undefined && names.includes(name));
  if (absent.length > 0) {
    const list = absent.map(({ name }) => `"${name}"`).join(', ');
    throw new CommandFailure(`build: this build has no plugin ${list}; take it out, or build with one that has it`);
  }
  const resolved = await resolvePlugins([...new Set(names)], {
    builtIn: builtInLoaders(),
    folder,
    clock: systemClock(),
  });
  const { problems } = planPlugins(
    resolved.map(({ definition }) => definition),
    knownProviders(),
  );
  if (problems.length > 0) throw planError(problems);
  return {
    own: resolved.filter(isOwn).map(({ definition }) => definition.name),
    strangers: resolved.filter((plugin) => !isOwn(plugin)),
  };
}

function isOwn({ source }: ResolvedPlugin): boolean {
  return source === 'built-in';
}
