/** What exports, imports, permissions and queue groups mean, in the plainest words: lists and split strings. */

export interface User {
  name: string;
  account: string;
  /** Subjects the user may not see. */
  denied: string[];
}

export interface Subscriber {
  user: number;
  sid: number;
  pattern: string;
  queue: string;
}

export interface Export {
  account: string;
  kind: 'stream' | 'service';
  subject: string;
  /** Empty: everybody. */
  to: string[];
}

export interface Import {
  account: string;
  from: string;
  kind: 'stream' | 'service';
  subject: string;
  /** `prefix.`, or a new name with `*` in order, or empty. */
  prefix: string;
  local: string;
}

export interface World {
  accounts: string[];
  users: User[];
  subscribers: Subscriber[];
  exports: Export[];
  imports: Import[];
}

export interface Delivery {
  user: number;
  sid: number;
  subject: string;
}

export interface Expected {
  plain: Delivery[];
  /** By a name that tells copies of a message apart: who might get it. */
  groups: Map<string, Delivery[]>;
}

export function worldText({ accounts, users, exports, imports }: World): string {
  const blocks = accounts.map((account) => {
    const own = users.filter((user) => user.account === account);
    const people = own.map(({ name, denied }) => {
      const permissions = denied.length === 0 ? '' : `, permissions: {subscribe: {deny: ${JSON.stringify(denied)}}}`;
      return `{user: ${name}, password: p${permissions}}`;
    });
    const out = exports
      .filter((rule) => rule.account === account)
      .map(({ kind, subject, to }) => `{${kind}: "${subject}", accounts: ${JSON.stringify(to)}}`);
    const into = imports
      .filter((rule) => rule.account === account)
      .map(({ kind, from, subject, prefix, local }) => {
        const name = prefix !== '' ? `, prefix: "${prefix}"` : local !== '' ? `, to: "${local}"` : '';
        return `{${kind}: {account: ${from}, subject: "${subject}"}${name}}`;
      });
    return `${account} { users: [${people}], exports: [${out}], imports: [${into}] }`;
  });
  return `accounts {\n${blocks.join('\n')}\n}\n`;
}

/** Where a message goes that the user publishes. */
export function expectedDeliveries(world: World, user: number, subject: string): Expected {
  const expected: Expected = { plain: [], groups: new Map() };
  publish(world, world.users[user]!.account, subject, expected, '', []);
  return expected;
}

/** `crossed` are the imports it has come by, `where` names this copy of it. */
function publish(world: World, account: string, subject: string, expected: Expected, where: string, crossed: Import[]) {
  const copies: { name: string; seenBy: string; as: string }[] = [{ name: '', seenBy: account, as: subject }];
  // A request is not exported as a stream.
  for (const rule of crossed.length > 0 ? [] : world.imports) {
    if (rule.kind !== 'stream' || rule.from !== account || !isAllowed(world, rule)) continue;
    const as = renamed(subject, rule.subject, localName(rule));
    if (as !== null) copies.push({ name: JSON.stringify(rule), seenBy: rule.account, as });
  }
  for (const copy of copies) {
    for (const { user, sid, pattern, queue } of world.subscribers) {
      const who = world.users[user]!;
      if (who.account !== copy.seenBy || !matches(pattern, copy.as)) continue;
      if (who.denied.some((denied) => matches(denied, copy.as))) continue;
      const delivery = { user, sid, subject: copy.as };
      if (queue === '') expected.plain.push(delivery);
      else add(expected.groups, `${where} ${queue}`, delivery);
    }
  }
  for (const rule of world.imports) {
    if (rule.kind !== 'service' || rule.account !== account || crossed.includes(rule)) continue;
    const asked = renamed(subject, localName(rule), rule.subject);
    if (asked === null || !isAllowed(world, rule)) continue;
    publish(world, rule.from, asked, expected, `${where} ${JSON.stringify(rule)}`, [...crossed, rule]);
  }
}

function add(groups: Map<string, Delivery[]>, name: string, delivery: Delivery): void {
  groups.set(name, [...(groups.get(name) ?? []), delivery]);
}

export function isAllowed({ exports }: Pick<World, 'exports'>, rule: Import): boolean {
  const offers = exports.filter(({ account, kind }) => account === rule.from && kind === rule.kind);
  const exact = offers.filter(({ subject }) => subject === rule.subject);
  const deciding = exact.length > 0 ? exact.slice(-1) : offers.filter(({ subject }) => covers(subject, rule.subject));
  return deciding.some(({ to }) => to.length === 0 || to.includes(rule.account));
}

export function localName({ prefix, local, subject }: Import): string {
  if (prefix !== '') return `${prefix}.${subject}`;
  return local === '' ? subject : local;
}

/** The n-th wildcard of one stands for the n-th of the other. Null for a subject that the first does not match. */
function renamed(subject: string, from: string, to: string): string | null {
  if (!matches(from, subject)) return null;
  const tokens = subject.split('.');
  const stars = from.split('.').flatMap((token, at) => (token === '*' ? [tokens[at]!] : []));
  const rest = from.endsWith('>') ? tokens.slice(from.split('.').length - 1) : [];
  return to
    .split('.')
    .flatMap((token) => (token === '*' ? [stars.shift()!] : token === '>' ? rest : [token]))
    .join('.');
}

export function matches(pattern: string, subject: string): boolean {
  const tokens = subject.split('.');
  const wanted = pattern.split('.');
  if (wanted.at(-1) === '>') {
    return (
      tokens.length >= wanted.length &&
      matches(
        wanted
          .slice(0, -1)
          .concat(tokens.slice(wanted.length - 1))
          .join('.'),
        subject,
      )
    );
  }
  return tokens.length === wanted.length && wanted.every((token, at) => token === '*' || token === tokens[at]);
}

function covers(wide: string, narrow: string): boolean {
  const [one, other] = [wide.split('.'), narrow.split('.')];
  if (one.at(-1) === '>')
    return other.length >= one.length && one.slice(0, -1).every((token, at) => fits(token, other[at]!));
  return one.length === other.length && one.every((token, at) => fits(token, other[at]!));
}

function fits(wide: string, narrow: string): boolean {
  return wide === narrow || (wide === '*' && narrow !== '>');
}
