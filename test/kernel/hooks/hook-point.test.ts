import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  answerLater,
  decideLater,
  decideNow,
  type HookDeclaration,
  notifyLater,
  notifyNow,
  transformLater,
  transformNow,
} from '../../../kernel/hooks/hook-declaration.ts';
import { HookPoint } from '../../../kernel/hooks/hook-point.ts';
import { PluginError } from '../../../kernel/hooks/plugin-error.ts';
import { isRefusal, type Refusal, refuse } from '../../../kernel/hooks/refusal.ts';
import type { HookReporter, TapOwner } from '../../../kernel/hooks/tap.ts';

class Recorder implements HookReporter {
  readonly throws: string[] = [];
  tapThrew(hook: string, plugin: string, error: unknown): void {
    this.throws.push(`${hook} ${plugin}: ${(error as Error).message}`);
  }
}

function point<Tap, Slot>(declaration: HookDeclaration<Tap, Slot>, recorder = new Recorder()): HookPoint<Tap, Slot> {
  return new HookPoint('thing.happened', declaration, recorder);
}

const owner = (plugin: string, rank = 0): TapOwner => ({ plugin, rank });
const fail = (): never => {
  throw new Error('broken');
};

test('a hook that nobody taps has no slot', () => {
  const hook = point(notifyNow<[number]>(['n'], ''));
  assert.is(hook.slot, null);
  const remove = hook.tap(owner('a'), () => {});
  assert.type(hook.slot, 'function');
  remove();
  assert.is(hook.slot, null);
});

for (const count of [1, 2, 3, 40]) {
  test(`${count} taps each hear a notification once, in order, with its arguments`, () => {
    const hook = point(notifyNow<[string, number]>(['word', 'n'], ''));
    const heard: string[] = [];
    for (let i = 0; i < count; i++) hook.tap(owner(`p${i}`, i), (word, n) => void heard.push(`p${i} ${word} ${n}`));
    hook.slot!('hi', 7);
    assert.equal(
      heard,
      Array.from({ length: count }, (_, i) => `p${i} hi 7`),
    );
  });
}

test('a throw in a notification is reported with the plugin, counted, and the other taps still run', () => {
  const recorder = new Recorder();
  const hook = point(notifyNow<[]>([], ''), recorder);
  const heard: string[] = [];
  hook.tap(owner('a', 0), () => void heard.push('a'));
  const remove = hook.tap(owner('bad', 1), fail);
  hook.tap(owner('c', 2), () => void heard.push('c'));
  hook.slot!();
  assert.equal(heard, ['a', 'c']);
  assert.equal(recorder.throws, ['thing.happened bad: broken']);
  assert.equal(
    hook.describe().taps.map((tap) => tap.throws),
    [0, 1, 0],
  );
  remove();
  assert.is(hook.throws, 1, 'the count survives the tap');
});

test('a rejected promise of a tap on a synchronous hook is reported and harms nobody', async () => {
  const recorder = new Recorder();
  const hook = point(notifyNow<[]>([], ''), recorder);
  hook.tap(owner('late'), (async () => fail()) as () => void);
  hook.slot!();
  await Promise.resolve();
  assert.is(recorder.throws.length, 2);
  assert.match(recorder.throws[0]!, 'answered thing.happened with a promise');
  assert.match(recorder.throws[1]!, 'broken');
});

test('the first answer of a decision wins and later taps are not asked', () => {
  const hook = point(decideNow<[string], string>(['word'], ''));
  const asked: string[] = [];
  hook.tap(owner('a', 0), (word) => void asked.push(`a ${word}`) as undefined);
  hook.tap(owner('b', 1), (word) => `${word}!`);
  hook.tap(owner('c', 2), () => void asked.push('c') as undefined);
  assert.is(hook.slot!('yes'), 'yes!');
  assert.equal(asked, ['a yes']);
});

test('false is an answer', () => {
  const hook = point(decideNow<[], boolean>([], ''));
  hook.tap(owner('a', 0), () => false);
  hook.tap(owner('b', 1), () => true);
  assert.is(hook.slot!(), false);
});

for (const others of [0, 1]) {
  test(`a throw in a synchronous decision is a refusal that names the plugin (${others} other taps)`, () => {
    const recorder = new Recorder();
    const hook = point(decideNow<[], true>([], ''), recorder);
    hook.tap(owner('bad', 0), fail);
    for (let i = 0; i < others; i++) hook.tap(owner('good', 1), () => true);
    const answer = hook.slot!();
    assert.ok(isRefusal(answer));
    assert.match((answer as Refusal).reason, 'plugin "bad"');
    assert.is(((answer as Refusal).cause as Error).message, 'broken');
    assert.equal(recorder.throws, ['thing.happened bad: broken']);
  });

  test(`a throw in an awaited decision is a refusal too (${others} other taps)`, async () => {
    const hook = point(decideLater<[], true>([], ''));
    hook.tap(owner('bad', 0), async () => fail());
    for (let i = 0; i < others; i++) hook.tap(owner('good', 1), () => true);
    assert.ok(isRefusal(await hook.slot!()));
  });
}

test('a promise given to a synchronous decision is a refusal', () => {
  const hook = point(decideNow<[], true>([], ''));
  hook.tap(owner('late'), (async () => true) as unknown as () => true);
  assert.ok(isRefusal(hook.slot!()));
});

test('a refusal made by a plugin reaches the caller untouched', () => {
  const hook = point(decideNow<[], true>([], ''));
  const no = refuse('not on Sundays');
  hook.tap(owner('calendar'), () => no);
  assert.is(hook.slot!(), no);
});

test('a tap without an opinion leaves a decision open', async () => {
  const now = point(decideNow<[], true>([], ''));
  const later = point(decideLater<[], true>([], ''));
  for (const plugin of ['a', 'b']) {
    now.tap(owner(plugin), () => undefined);
    later.tap(owner(plugin), () => undefined);
    assert.is(now.slot!(), undefined);
    assert.is(await later.slot!(), undefined);
  }
});

test('a tap that throws is passed over where nothing is decided', async () => {
  const hook = point(answerLater<[], string>([], ''));
  hook.tap(owner('bad', 0), fail);
  assert.is(await hook.slot!(), undefined);
  hook.tap(owner('good', 1), () => 'found');
  assert.is(await hook.slot!(), 'found');
});

test('awaited taps run one after the other', async () => {
  const hook = point(notifyLater<[]>([], ''));
  const heard: string[] = [];
  for (const [rank, plugin] of ['a', 'b', 'c'].entries()) {
    hook.tap(owner(plugin, rank), async () => {
      heard.push(`${plugin} begins`);
      await Promise.resolve();
      heard.push(`${plugin} ends`);
    });
  }
  await hook.slot!();
  assert.equal(heard, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

test('a rejection in an awaited notification does not keep the others from running', async () => {
  const recorder = new Recorder();
  const hook = point(notifyLater<[]>([], ''), recorder);
  const heard: string[] = [];
  hook.tap(owner('bad', 0), async () => fail());
  hook.tap(owner('good', 1), () => void heard.push('good'));
  await hook.slot!();
  assert.equal(heard, ['good']);
  assert.equal(recorder.throws, ['thing.happened bad: broken']);
});

test('each tap of a transform gets what the one before made, and one without an answer changes nothing', async () => {
  const later = point(transformLater<string, [number]>(['text', 'n'], ''));
  const now = point(transformNow<string, [number]>(['text', 'n'], ''));
  for (const hook of [later, now]) {
    hook.tap(owner('quiet', 0), () => undefined);
    assert.is(await hook.slot!('x', 1), 'x');
    hook.tap(owner('bad', 1), fail);
    assert.is(await hook.slot!('x', 1), 'x');
    hook.tap(owner('a', 2), (text, n) => `${text}a${n}`);
    hook.tap(owner('b', 3), (text, n) => `${text}b${n}`);
    assert.is(await hook.slot!('x', 1), 'xa1b1');
  }
});

test('a tap removed while its hook is being called is not called any more', () => {
  const hook = point(notifyNow<[]>([], ''));
  const heard: string[] = [];
  hook.tap(owner('a', 0), () => removeB());
  const removeB = hook.tap(owner('b', 1), () => void heard.push('b'));
  hook.slot!();
  hook.slot!();
  assert.equal(heard, []);
});

test('removing a tap twice removes nothing else', () => {
  const hook = point(notifyNow<[]>([], ''));
  const remove = hook.tap(owner('a'), () => {});
  hook.tap(owner('a'), () => {});
  remove();
  remove();
  assert.is(hook.describe().taps.length, 1);
});

const order = (hook: HookPoint<unknown, unknown>) => hook.describe().taps.map((tap) => tap.plugin);

test('stages order taps, and within a stage the order of the plugins counts, not that of tapping', () => {
  const hook = point(notifyNow<[]>([], ''));
  hook.tap(owner('e', 1), () => {}, { stage: 'last' });
  hook.tap(owner('c2', 5), () => {});
  hook.tap(owner('d', 2), () => {}, { stage: 'late' });
  hook.tap(owner('c1', 3), () => {}, { stage: 'normal' });
  hook.tap(owner('a', 9), () => {}, { stage: 'first' });
  hook.tap(owner('b', 8), () => {}, { stage: 'early' });
  assert.equal(order(hook), ['a', 'b', 'c1', 'c2', 'd', 'e']);
});

test('before and after name plugins and weigh more than stages', () => {
  const hook = point(notifyNow<[]>([], ''));
  hook.tap(owner('a', 0), () => {}, { stage: 'first', after: ['c'] });
  hook.tap(owner('b', 1), () => {});
  hook.tap(owner('c', 2), () => {}, { before: ['b'] });
  assert.equal(order(hook), ['c', 'a', 'b']);
});

test('before and after may name plugins that are not there', () => {
  const hook = point(notifyNow<[]>([], ''));
  hook.tap(owner('a'), () => {}, { before: ['ghost'], after: ['spirit'] });
  assert.equal(order(hook), ['a']);
});

test('an impossible order names the plugins and leaves the hook as it was', () => {
  const hook = point(notifyNow<[]>([], ''));
  hook.tap(owner('a', 0), () => {}, { before: ['b'] });
  hook.tap(owner('b', 1), () => {}, { before: ['c'] });
  try {
    hook.tap(owner('c', 2), () => {}, { before: ['a'] });
    assert.unreachable();
  } catch (error) {
    assert.ok(PluginError.is(error));
    assert.is((error as PluginError).code, 'HOOK_ORDER_CYCLE');
    assert.match(
      (error as PluginError).message,
      /a before b before c before a|b before c before a before b|c before a/,
    );
  }
  assert.equal(order(hook), ['a', 'b']);
});

test.run();
