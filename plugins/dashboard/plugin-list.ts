/** `/dashboard/plugins`: which plugins run, and how long each phase of them took. */
import type { HostDescription } from '../../kernel/plugin-api.ts';

export function pluginList({ plugins, hooks }: HostDescription): object {
  return {
    plugins: plugins.map(({ name, version, summary, source, status, phases, provides, requires, endpoints }) => ({
      name,
      version,
      summary,
      source,
      status,
      // A phase may have been passed more than once, as reload is: the last time counts.
      phases: [...new Map(phases.map((passed) => [passed.phase, passed])).values()],
      provides,
      requires,
      endpoints,
      taps: hooks.flatMap(({ name: hook, taps }) => (taps.some(({ plugin }) => plugin === name) ? [hook] : [])),
    })),
  };
}
