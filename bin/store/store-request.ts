/** What stands behind `gnatlet store`. */
import { nearestName } from '../../kernel/hooks/nearest-name.ts';
import { CommandFailure } from '../command-failure.ts';

export const ACTIONS = ['check', 'repair', 'dump', 'import', 'quarantine', 'discard'] as const;
export type Action = (typeof ACTIONS)[number];

export interface StoreRequest {
  readonly action: Action;
  /** As it was given. */
  readonly directory: string;
  readonly keyFile: string;
  readonly previousKeyFile: string;
  readonly cipher: 'chacha' | 'aes';
  readonly isJson: boolean;
  /** Of these streams only; empty for all. */
  readonly account: string;
  readonly stream: string;
  // --- repair ---
  /** Another copy of the directory, which may have what is lost here; empty for none. */
  readonly from: string;
  /** Where what is replaced is kept; empty: beside the directory. */
  readonly aside: string;
  /** What is lost for good is not missed any more. */
  readonly acceptsLoss: boolean;
  // --- discard ---
  /** What is removed; empty where none was named. */
  readonly entry: string;
  // --- import ---
  /** Where streams of a nats-server go. */
  readonly into: string;
  /** Each message is held against its checksum, not only a sample. */
  readonly verifiesAll: boolean;
  // --- dump ---
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly subject: string;
  readonly limit: number;
  readonly hasData: boolean;
}

export const STORE_USAGE = `
Usage: gnatlet store check DIR [options]     reads and checks everything; never writes
       gnatlet store repair DIR [options]    writes damaged files anew, after it copied them aside
       gnatlet store dump DIR [options]      prints streams, consumers and messages as lines of JSON
       gnatlet store import FROM --into DIR  takes over the streams of a nats-server, which is stopped; FROM is only read
       gnatlet store quarantine DIR          lists what was set aside because nobody knew what it was for
       gnatlet store discard DIR --entry E   removes some of that for good

DIR is what the configuration calls store_dir, or the folder "jetstream" in it, or a database of LevelDB. No server may
be running on it.

    --key-file <file>        holds the key of an encrypted store; or the variable GNATLET_STORE_KEY
    --prev-key-file <file>   holds the key before that one; or GNATLET_STORE_PREV_KEY
    --cipher <name>          chacha (default) or aes, for what repair and import write
    --account <name>         this account only
    --stream <name>          this stream only
    --json                   check, import, quarantine: one line of JSON instead of text

repair:
    --from <dir>             takes what is lost from another copy of the directory, where it has it
    --accept-loss            lost messages count as deleted from now on: the server does not call for them any more
    --aside <dir>            where copies of damaged files are kept (default: DIR.aside-<time>)

import:
    --into <dir>             what the configuration will call store_dir; streams that are there already are left as they are
    --verify all|sample      holds each message against its checksum (default), or one of 64

quarantine:
    --stream <name>          sets this stream aside: the server does not see it any more, and its name is free

dump:
    --seq <a-b>              these sequences: 5, 5-9, 5-, -9
    --subject <pattern>      messages whose subject matches, wildcards included
    --limit <count>          so many messages at most; the last line says where to go on
    --no-data                leaves out headers and payloads

Exit codes: 0 all is well; 2 something is damaged or lost; 1 it could not be done.
`;

const OF_STREAMS = ['account', 'stream', 'key-file', 'prev-key-file', 'cipher'];
/** The options of each action. */
const OWN: Readonly<Record<Action, readonly string[]>> = {
  check: [...OF_STREAMS, 'json'],
  repair: [...OF_STREAMS, 'from', 'accept-loss', 'aside'],
  dump: [...OF_STREAMS, 'seq', 'subject', 'limit', 'no-data'],
  import: [...OF_STREAMS, 'into', 'verify', 'json'],
  quarantine: [...OF_STREAMS, 'json'],
  discard: ['entry'],
};
/** Without a value, and with one. */
const SWITCHES = ['json', 'accept-loss', 'no-data'];
const VALUED = [...new Set(Object.values(OWN).flat())].filter((name) => !SWITCHES.includes(name));

/** Flags with one dash or two, their value after `=` or in the next word, before and behind the directory. */
export function parseStoreRequest(words: readonly string[]): StoreRequest | 'help' {
  const given = new Map<string, string>();
  const plain: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const [, name, joined] = /^--?([a-z][a-z-]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === 'help' || name === 'h') return 'help';
    if (name === undefined) plain.push(word);
    else
      given.set(
        name,
        givenValue(name, joined, () => words[++at]),
      );
  }
  if (plain[0] === undefined || plain[0] === 'help') return 'help';
  const action = actionOf(plain[0]);
  refuseStrange(action, given);
  if (plain.length !== 2) throw new CommandFailure(`store ${action}: name one directory`);
  if (action === 'import' && !given.has('into')) {
    throw new CommandFailure('store import: --into names the directory that the streams go to');
  }
  return requestOf(action, plain[1]!, given);
}

function givenValue(name: string, joined: string | undefined, next: () => string | undefined): string {
  if (SWITCHES.includes(name)) {
    if (joined !== undefined && joined !== 'true') throw new CommandFailure(`store: --${name} takes no value`);
    return 'true';
  }
  if (name === 'key' || name === 'prev-key') {
    throw new CommandFailure(`store: a key is not given on the command line, where others see it: use --${name}-file`);
  }
  if (!VALUED.includes(name)) {
    const near = nearestName(name, [...VALUED, ...SWITCHES]);
    throw new CommandFailure(`store: --${name} is no flag of it${near === null ? '' : `; did you mean --${near}?`}`);
  }
  const value = joined ?? next();
  if (value === undefined || value === '') throw new CommandFailure(`store: --${name} needs a value`);
  return value;
}

function actionOf(word: string): Action {
  const action = ACTIONS.find((name) => name === word);
  if (action !== undefined) return action;
  throw new CommandFailure(`store: there is no ${JSON.stringify(word)}; there are ${ACTIONS.join(', ')}`);
}

function refuseStrange(action: Action, given: ReadonlyMap<string, string>): void {
  const found = [...given.keys()].find((name) => !OWN[action].includes(name));
  if (found !== undefined) throw new CommandFailure(`store ${action}: --${found} means nothing here`);
}

function requestOf(action: Action, directory: string, given: ReadonlyMap<string, string>): StoreRequest {
  const text = (name: string): string => given.get(name) ?? '';
  const [firstSequence, lastSequence] = rangeOf(text('seq'));
  return {
    action,
    directory,
    keyFile: text('key-file'),
    previousKeyFile: text('prev-key-file'),
    cipher: cipherOf(text('cipher')),
    isJson: given.has('json'),
    account: text('account'),
    stream: text('stream'),
    from: text('from'),
    aside: text('aside'),
    entry: text('entry'),
    acceptsLoss: given.has('accept-loss'),
    into: text('into'),
    verifiesAll: verifiesAll(text('verify')),
    firstSequence,
    lastSequence,
    subject: text('subject'),
    limit: limitOf(text('limit')),
    hasData: !given.has('no-data'),
  };
}

function cipherOf(text: string): 'chacha' | 'aes' {
  if (text === '' || text === 'chacha') return 'chacha';
  if (text === 'aes') return 'aes';
  throw new CommandFailure(`store: --cipher is chacha or aes, not ${JSON.stringify(text)}`);
}

function verifiesAll(text: string): boolean {
  if (text !== '' && text !== 'all' && text !== 'sample') {
    throw new CommandFailure(`store import: --verify is all or sample, not ${JSON.stringify(text)}`);
  }
  return text !== 'sample';
}

function rangeOf(text: string): [number, number] {
  const [, from = '', dash, to = ''] = /^(\d*)(-?)(\d*)$/.exec(text) ?? [];
  if (text === '') return [0, Number.MAX_SAFE_INTEGER];
  const first = Number(from);
  const last = dash === '' ? first : to === '' ? Number.MAX_SAFE_INTEGER : Number(to);
  if (dash === undefined || from + to === '' || first > last || !Number.isSafeInteger(last)) {
    throw new CommandFailure(`store dump: --seq is a sequence or a range such as 5-9, not ${JSON.stringify(text)}`);
  }
  return [first, last];
}

function limitOf(text: string): number {
  if (text === '') return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new CommandFailure(`store dump: --limit is a number of messages, not ${JSON.stringify(text)}`);
}
