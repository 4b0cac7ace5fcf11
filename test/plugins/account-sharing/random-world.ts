/** Worlds that a broker accepts: few words, so that much collides. */
import type { FastRandom } from '../../../kernel/ports/fast-random.ts';
import {
  type Export,
  type Import,
  isAllowed,
  localName,
  type Subscriber,
  type User,
  type World,
} from './isolation-model.ts';

const WORDS = ['a', 'b', 'c'];
const QUEUES = ['', '', 'q', 'r'];

export function randomWorld(random: FastRandom): World {
  const accounts = ['A', 'B', 'C', 'D', 'E'].slice(0, 2 + random.below(4));
  const users: User[] = accounts.flatMap((account) =>
    [1, 2].map((number) => ({
      account,
      name: `${account.toLowerCase()}${number}`,
      denied: random.below(4) === 0 ? [randomPattern(random)] : [],
    })),
  );
  const subscribers = Array.from(
    { length: 4 + random.below(16) },
    (_, at): Subscriber => ({
      user: random.below(users.length),
      sid: at + 1,
      pattern: randomPattern(random),
      queue: pick(random, QUEUES),
    }),
  );
  const world = { accounts, users, subscribers: withoutDenied(subscribers, users), exports: [], imports: [] };
  return { ...world, ...randomRules(random, world) };
}

export function randomRules(
  random: FastRandom,
  { accounts }: Pick<World, 'accounts'>,
): Pick<World, 'exports' | 'imports'> {
  const exports = new Map<string, Export>();
  for (let count = 3 + random.below(8); count > 0; count--) {
    const rule = {
      account: pick(random, accounts),
      kind: kind(random),
      subject: randomPattern(random),
      to: some(random, accounts),
    };
    exports.set(`${rule.account} ${rule.kind} ${rule.subject}`, rule);
  }
  const offers = [...exports.values()];
  const imports: Import[] = [];
  for (let tries = 4 + random.below(14); tries > 0; tries--) {
    const rule = randomImport(random, accounts, pick(random, offers));
    if (isAcceptable(rule, offers, imports)) imports.push(rule);
  }
  return { exports: offers, imports };
}

export function randomMessages(
  random: FastRandom,
  { users }: World,
  count: number,
): { user: number; subject: string }[] {
  return Array.from({ length: count }, () => ({ user: random.below(users.length), subject: literal(random) }));
}

function randomImport(random: FastRandom, accounts: readonly string[], offer: Export): Import {
  const subject = random.below(2) === 0 ? offer.subject : narrower(random, offer.subject);
  const form = random.below(3);
  const stars = subject.split('.').filter((token) => token === '*');
  const local = [...WORDS.slice(0, 1 + random.below(2)), ...stars, ...(subject.endsWith('>') ? ['>'] : [])].join('.');
  return {
    account: pick(random, accounts),
    from: offer.account,
    kind: offer.kind,
    subject,
    prefix: form === 1 && offer.kind === 'stream' ? pick(random, WORDS) : '',
    local: form === 2 ? local : '',
  };
}

/** As a broker would judge it; and without rings of accounts, which a test of its own is about. */
function isAcceptable(rule: Import, exports: Export[], imports: Import[]): boolean {
  if (rule.account <= rule.from || !isAllowed({ exports }, rule)) return false;
  return imports
    .filter((other) => other.kind === rule.kind && other.account === rule.account && other.from === rule.from)
    .every((other) => (rule.kind === 'stream' ? other.subject !== rule.subject : localName(other) !== localName(rule)));
}

function withoutDenied(subscribers: Subscriber[], users: User[]): Subscriber[] {
  // What may not be subscribed to at all is the business of other tests.
  return subscribers.filter(
    ({ user, pattern: wanted }) =>
      !users[user]!.denied.includes(wanted) && users[user]!.denied.every((denied) => !covered(wanted, denied)),
  );
}

function covered(narrow: string, wide: string): boolean {
  const [one, other] = [narrow.split('.'), wide.split('.')];
  return other.every((token, at) => token === '>' || token === '*' || token === one[at]);
}

function narrower(random: FastRandom, subject: string): string {
  return subject
    .split('.')
    .flatMap((token) => {
      if (token === '*' && random.below(2) === 0) return [pick(random, WORDS)];
      return token === '>' && random.below(2) === 0 ? literal(random).split('.') : [token];
    })
    .join('.');
}

export function randomPattern(random: FastRandom): string {
  const tokens = Array.from({ length: 1 + random.below(3) }, () => pick(random, [...WORDS, '*']));
  if (random.below(4) === 0) tokens.push('>');
  return random.below(12) === 0 ? '>' : tokens.join('.');
}

function literal(random: FastRandom): string {
  return Array.from({ length: 1 + random.below(3) }, () => pick(random, WORDS)).join('.');
}

function some(random: FastRandom, accounts: readonly string[]): string[] {
  return random.below(2) === 0 ? [] : accounts.filter(() => random.below(2) === 0);
}

function kind(random: FastRandom): 'stream' | 'service' {
  return random.below(2) === 0 ? 'stream' : 'service';
}

function pick<V>(random: FastRandom, list: readonly V[]): V {
  return list[random.below(list.length)]!;
}
