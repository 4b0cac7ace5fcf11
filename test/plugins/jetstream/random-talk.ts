/** Conversations by chance: a stream, three consumers, and what happens to their messages, told after every step. */
import type { Seeded } from '../../fuzz/seeded.ts';
import type { Conversation, Said } from './said.ts';
import { about, ack, api, clock, consumer, info, later, listen, next, pub, stream, update } from './words.ts';

const NAMES = ['A', 'B', 'C'];
const FILTERED = [{ filter_subject: 's.1' }, { filter_subjects: ['s.0', 's.2'] }, { filter_subject: 's.*' }];
/** After a purge of some of what a consumer reads, a genuine server goes on waiting for some of what is gone, or not. */
const filtersOf = (hasPurges: boolean): readonly Config[] => (hasPurges ? FILTERED : [{}, ...FILTERED]);
const SUBJECTS = ['s.0', 's.1', 's.2'];
const MS = 1_000_000;
/** Long enough for an answer, where there may be none. */
const PATIENCE_MS = 400;
const SETTLING_MS = 30;

type Config = Readonly<Record<string, unknown>>;

/** What the conversation has made, as far as what is asked later needs to know it. */
interface Scene {
  /** Where messages go many at a time, a genuine server is not sure of what is acknowledged up to a message. */
  readonly hasPurges: boolean;
  readonly stream: Config;
  readonly consumers: Map<string, Config>;
  waiting: number;
  /** A consumer with other filters waits for what was deleted, if it would not be for it any more. */
  hasOtherFilters: boolean;
  /** A genuine server does not look at those who wait when a consumer goes on: it is one or the other. */
  readonly hasWaiting: Set<string>;
  readonly wasPaused: Set<string>;
}

export function randomTalk(chance: Seeded, steps: number): Conversation {
  const hasPurges = chance.once(2);
  const scene: Scene = {
    hasPurges,
    hasOtherFilters: false,
    stream: streamConfig(chance),
    consumers: new Map(),
    waiting: 0,
    hasWaiting: new Set(),
    wasPaused: new Set(),
  };
  const said: Said[] = [listen('$JS.EVENT.ADVISORY.CONSUMER.>'), listen('pull.>'), ...clock, stream('S', scene.stream)];
  for (const subject of SUBJECTS) said.push(pub(subject, subject));
  for (const name of NAMES) {
    const config = consumerConfig(chance, scene);
    scene.consumers.set(name, config);
    said.push(consumer('S', name, config));
  }
  for (let at = 0; at < steps; at++) said.push(...step(chance, scene));
  said.push({ ...info('S'), afterMs: SETTLING_MS });
  return { name: `by chance ${chance.seed}`, said };
}

function streamConfig(chance: Seeded): Config {
  return {
    retention: chance.pick(['limits', 'limits', 'interest']),
    max_msgs_per_subject: chance.pick([-1, -1, 5]),
    allow_rollup_hdrs: true,
    allow_direct: true,
    storage: chance.pick(['memory', 'file']),
  };
}

function consumerConfig(chance: Seeded, { hasPurges }: Pick<Scene, 'hasPurges'>): Config {
  const policy = chance.pick(['explicit', 'explicit', 'explicit', hasPurges ? 'explicit' : 'all', 'none']);
  const filters = chance.pick(filtersOf(hasPurges));
  const config = { ack_policy: policy, deliver_policy: chance.pick(['all', 'all', 'all', 'last', 'new']), ...filters };
  if (policy === 'none') return config;
  return { ...config, max_ack_pending: chance.pick([3, 1000]), max_deliver: chance.pick([-1, -1, 2]) };
}

type Step = (chance: Seeded, scene: Scene) => Said[];

const told = (name: string): Said => about('S', name);
const allTold = (): Said[] => [later(SETTLING_MS), ...NAMES.map(told), info('S')];

const publish: Step = (chance) => [pub(chance.pick(SUBJECTS), String(chance.below(100)))];

const publishExpecting: Step = (chance, { stream: { storage }, hasPurges }) => {
  const seq = String(chance.below(12));
  const headers: Readonly<Record<string, string>>[] = [
    { 'Nats-Msg-Id': `m${chance.below(4)}` },
    { 'Nats-Expected-Last-Sequence': seq },
    { 'Nats-Expected-Last-Subject-Sequence': seq },
    { 'Nats-Expected-Last-Subject-Sequence': seq, 'Nats-Expected-Last-Subject-Sequence-Subject': 's.>' },
    { 'Nats-Expected-Last-Msg-Id': `m${chance.below(4)}` },
    hasPurges && storage === 'memory' ? { 'Nats-Rollup': 'all' } : {},
  ];
  return [pub(chance.pick(SUBJECTS), 'e', chance.pick(headers)), ...allTold()];
};

const pull: Step = (chance, scene) => {
  const name = chance.pick(NAMES);
  const batch = 1 + chance.below(4);
  const expires = SETTLING_MS * MS;
  const request = chance.pick<object | string>([
    { batch, expires },
    { batch, expires },
    { batch, no_wait: true, expires },
    { batch, no_wait: true },
    { batch, expires, max_bytes: chance.pick([40, 90, 200]) },
    String(batch),
    '',
  ]);
  if (typeof request === 'string') scene.hasWaiting.add(name);
  if (typeof request === 'string' && scene.wasPaused.has(name)) return [];
  const answers = request === '' ? 1 : batch + (typeof request === 'object' && 'max_bytes' in request ? 1 : 0);
  return [{ ...next(`S.${name}`, request, answers), endsWithStatus: true, patienceMs: PATIENCE_MS }, told(name)];
};

/** A request that is answered later, or never. */
const pullLater: Step = (chance, scene) => {
  const name = chance.pick(NAMES);
  if (scene.wasPaused.has(name)) return [];
  scene.hasWaiting.add(name);
  const reply = `pull.${scene.waiting++}`;
  const said = { ...next(`S.${name}`, { batch: 1 + chance.below(3), expires: 60_000 * MS }), reply };
  return [said, { ...told(name), afterMs: SETTLING_MS }];
};

const BODIES = ['+ACK', '+ACK', '+ACK', '', '-NAK', '-NAK', '+TERM', '+TERM for good', '+WPI', '+NXT', 'what'];

const acknowledge: Step = (chance) => {
  const name = chance.pick(NAMES);
  const seq = 1 + chance.below(14);
  const body = chance.pick(BODIES);
  const said = ack(`S.${name}`, `1.${seq}.${chance.once(6) ? 1 + chance.below(14) : seq}`, body);
  // A purge there forgets what is to be sent again: it is sent before.
  const again = { ...next(`S.${name}`, { batch: 3, expires: SETTLING_MS * MS }, 3), endsWithStatus: true };
  const sent = body === '-NAK' ? [{ ...again, patienceMs: PATIENCE_MS }] : [];
  return [{ ...said, patienceMs: PATIENCE_MS }, ...sent, { ...told(name), afterMs: SETTLING_MS }, info('S')];
};

const deleteMessage: Step = (chance, { hasOtherFilters }) =>
  hasOtherFilters ? [] : [api('STREAM.MSG.DELETE.S', { seq: 1 + chance.below(14) }), ...allTold()];

/** What becomes of one message that is purged from files is up to the order in which a genuine server gets to it. */
const purge: Step = (chance, { stream: { storage }, hasPurges }) => {
  if (!hasPurges) return [];
  const seq = 1 + chance.below(16);
  const keep = 1 + chance.below(3);
  const filter = 's.*';
  const placed = [{ seq }, { seq }, { keep }, { filter, seq }, { filter, keep }, { filter }];
  const request = chance.pick(storage === 'memory' ? [...placed, {}] : [{}]);
  return [api('STREAM.PURGE.S', request), ...allTold()];
};

const changeStream: Step = (chance, { stream: config, hasOtherFilters }) => {
  if (hasOtherFilters) return [];
  const change = chance.pick([{ max_msgs: 4 }, { max_msgs: -1 }, { max_msgs_per_subject: 2 }, { retention: 'limits' }]);
  return [update('S', { ...config, ...change }), ...allTold()];
};

const changeConsumer: Step = (chance, scene) => {
  const { consumers } = scene;
  const name = chance.pick(NAMES);
  const change = chance.pick<Config>([
    { max_ack_pending: chance.pick([2, 5, 1000]) },
    { max_deliver: chance.pick([-1, 2, 3]) },
    { headers_only: chance.once(2) },
    { description: 'changed' },
    { filter_subject: undefined, filter_subjects: undefined, ...chance.pick(FILTERED) },
  ]);
  const before = consumers.get(name);
  // A genuine server does not always hear of a filter that comes or goes.
  const isFiltered = before?.filter_subject !== undefined || before?.filter_subjects !== undefined;
  if ('filter_subject' in change && (!isFiltered || scene.stream.max_msgs_per_subject !== -1)) return [];
  const config = { ...before, ...change };
  if (config.ack_policy === 'none') return [];
  consumers.set(name, config);
  if ('filter_subject' in change) scene.hasOtherFilters = true;
  return [consumer('S', name, config), ...allTold()];
};

const pause: Step = (chance, { hasWaiting, wasPaused }) => {
  const name = chance.pick(NAMES);
  if (hasWaiting.has(name)) return [];
  wasPaused.add(name);
  const until = chance.once(2) ? { pause_until: '2040-01-01T00:00:00Z' } : {};
  return [api(`CONSUMER.PAUSE.S.${name}`, until), told(name)];
};

/**
 * Where interest decides, nobody looks below the place that is gone to, here or there. Whether those who wait are served before it is
 * answered is up to a genuine server's mood.
 */
const reset: Step = (chance, { stream: { retention }, hasWaiting }) => {
  const name = chance.pick(NAMES);
  if (retention === 'interest' || hasWaiting.has(name)) return [];
  const request = chance.once(2) ? {} : { seq: 1 + chance.below(12) };
  return [{ ...api(`CONSUMER.RESET.S.${name}`, request), patienceMs: PATIENCE_MS }, told(name), info('S')];
};

const makeAnew: Step = (chance, scene) => {
  const { consumers } = scene;
  const name = chance.pick(NAMES);
  const config = consumerConfig(chance, scene);
  consumers.set(name, config);
  return [{ ...api(`CONSUMER.DELETE.S.${name}`), afterMs: SETTLING_MS }, info('S'), consumer('S', name, config)];
};

const read: Step = (chance) => {
  const seq = 1 + chance.below(14);
  const subject = chance.pick([...SUBJECTS, 's.*', 's.none']);
  const request = chance.pick<object>([
    { seq },
    { last_by_subj: subject },
    { next_by_subj: subject, seq },
    { batch: 3, seq },
    { batch: 2, next_by_subj: subject },
    { batch: 2, next_by_subj: subject, seq },
    { multi_last: [subject] },
    { multi_last: ['s.0', 's.1'], up_to_seq: 1 + chance.below(3) },
    { multi_last: ['s.>'], batch: 2 },
    { multi_last: ['s.>'], seq, max_bytes: 5 },
  ]);
  const isMany = 'batch' in request || 'multi_last' in request;
  const direct = { ...api('DIRECT.GET.S', request), answers: isMany ? 8 : 1, endsWithStatus: true };
  return isMany ? [direct] : [direct, api('STREAM.MSG.GET.S', request)];
};

const readSubject: Step = (chance) => [api(`DIRECT.GET.S.${chance.pick([...SUBJECTS, 's.none'])}`)];

const WEIGHTED: readonly (readonly [weight: number, step: Step])[] = [
  [6, publish],
  [2, publishExpecting],
  [6, pull],
  [1, pullLater],
  [6, acknowledge],
  [2, deleteMessage],
  [2, purge],
  [1, changeStream],
  [2, changeConsumer],
  [1, pause],
  [1, reset],
  [1, makeAnew],
  [1, read],
  [1, readSubject],
];
const STEPS = WEIGHTED.flatMap(([weight, step]) => Array<Step>(weight).fill(step));

/** What came on its own is told before the next step. */
function step(chance: Seeded, scene: Scene): Said[] {
  const [first, ...others] = chance.pick(STEPS)(chance, scene);
  return first === undefined ? [] : [{ ...first, afterMs: SETTLING_MS }, ...others];
}
