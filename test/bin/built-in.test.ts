import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { KNOWN_PLUGINS, knownProviders } from '../../bin/built-in.ts';
import { flagNamed } from '../../bin/flags.ts';
import { PRESETS } from '../../bin/presets.ts';
import { planPlugins } from '../../kernel/host/plugin-plan.ts';

for (const { name, load, keys = [], aliases = {}, accountKeys = [], provides = [] } of KNOWN_PLUGINS) {
  if (load === undefined) continue;
  test(`what the table says of the plugin "${name}" is what the plugin says of itself`, async () => {
    const { config, ...definition } = await load();
    const owned = config === undefined ? [] : [config, ...(config.also ?? [])];
    assert.is(definition.name, name);
    assert.equal([...keys].sort(), owned.map(({ key }) => key).sort());
    const others = owned.flatMap(({ key, aliases: spelled = [] }) => spelled.map((alias) => [alias, key]));
    assert.equal(aliases, Object.fromEntries(others));
    assert.equal([...accountKeys].sort(), [...(config?.accountKeys ?? [])].sort());
    // One capability may be offered under several ids.
    const offered = new Set((definition.provides ?? []).map((offer) => offer.name));
    assert.equal([...provides].sort(), [...offered].sort());
    for (const flag of definition.flags ?? []) assert.ok(flagNamed(flag.name), `--${flag.name} is not known`);
  });
}

test('presets list plugins that exist', () => {
  const names = KNOWN_PLUGINS.map(({ name }) => name);
  for (const list of PRESETS.values()) for (const name of list) assert.ok(names.includes(name), name);
});

test('all plugins of this package can run together', async () => {
  const definitions = await Promise.all(KNOWN_PLUGINS.flatMap(({ load }) => (load === undefined ? [] : [load()])));
  const { order, problems } = planPlugins(definitions, knownProviders());
  assert.equal(problems, []);
  assert.is(order.length, definitions.length);
});

test.run();
