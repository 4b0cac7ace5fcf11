import { Buffer } from 'node:buffer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { SubjectRules } from '../../../kernel/permissions/permission-rules.ts';
import { PermissionSet } from '../../../kernel/permissions/permission-set.ts';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';
import { chooseSeed } from '../ports/seed.ts';
import { matches, maySubscribe as mayByModel, mayPublish, mayReceive } from './permission-model.ts';

const seed = chooseSeed();
const random = FastRandom.fromSeed(seed);
const ROUNDS = 400;
const QUESTIONS = 40;

/** Few words, so that much of it meets. */
const WORDS = ['a', 'b', 'c', 'ab'];
const QUEUES = ['q', 'q.1', 'r', 'q.*', 'q.>', '>'];

function pick<T>(from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

function tokens(words: readonly string[]): string {
  return Array.from({ length: 1 + random.below(4) }, () => pick(words)).join('.');
}

function pattern(): string {
  const body = tokens([...WORDS, '*']);
  return random.below(4) === 0 ? `${body}.>` : random.below(20) === 0 ? '>' : body;
}

function entries(takesQueues: boolean): string[] {
  const count = random.below(6);
  return Array.from({ length: count }, () =>
    takesQueues && random.below(3) === 0 ? `${pattern()} ${pick(QUEUES)}` : pattern(),
  );
}

function rules(takesQueues: boolean): SubjectRules {
  return { allow: random.below(3) === 0 ? null : entries(takesQueues), deny: entries(takesQueues) };
}

function ask(set: PermissionSet, subject: string): boolean {
  const bytes = Buffer.from(subject, 'latin1');
  return set.mayPublish(bytes, 0, bytes.length);
}

function checkRound(publish: SubjectRules, subscribe: SubjectRules): void {
  const set = new PermissionSet({ publish, subscribe, responses: null });
  for (let question = 0; question < QUESTIONS; question++) {
    const shown = `seed ${seed}: ${JSON.stringify({ publish, subscribe })}`;
    const subject = random.below(8) === 0 ? `${tokens(WORDS)}..${tokens(WORDS)}` : tokens([...WORDS, '*', '>']);
    assert.is(ask(set, subject), mayPublish(publish, subject), `${shown} publish ${subject}`);
    const wanted = pattern();
    const queue = random.below(2) === 0 ? '' : pick(['q', 'q.1', 'r', 'q.1.2', 's']);
    const isAllowed = mayByModel(subscribe, wanted, queue);
    assert.is(set.maySubscribe(wanted, queue), isAllowed, `${shown} subscribe ${wanted} ${queue}`);
    const published = tokens(WORDS);
    if (!isAllowed || !matches(wanted, published)) continue;
    const bytes = Buffer.from(published, 'latin1');
    const passes = set.deliveryFilter(wanted, queue)?.allows(bytes, 0, bytes.length) ?? true;
    assert.is(passes, mayReceive(subscribe, queue, published), `${shown} deliver ${published} to ${wanted} ${queue}`);
  }
}

test('random permissions say what a naive reading of them says', () => {
  for (let round = 0; round < ROUNDS; round++) checkRound(rules(false), rules(true));
});

test.run();
