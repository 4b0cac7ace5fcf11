/** Conversations by chance: a stream, three consumers, and what happens to their messages, told after every step. */
import type { Seeded } from '../../fuzz/seeded.ts';
import type { Conversation, Said } from './said.ts';
import { about, ack, api, clock, consumer, info, later, next, pub, stream } from './words.ts';

const NAMES = ['A', 'B', 'C'];
const FILTERS = [{}, { filter_subject: 's.1' }, { filter_subjects: ['s.0', 's.2'] }, { filter_subject: 's.*' }];

export function randomTalk(chance: Seeded, steps: number): Conversation {
  const retention = chance.pick(['limits', 'limits', 'interest']);
  const config = { retention, max_msgs_per_subject: chance.pick([-1, -1, 5]), allow_rollup_hdrs: true };
  const said: Said[] = [...clock, stream('S', config), pub('s.0', '0'), pub('s.1', '1'), pub('s.2', '2')];
  for (const name of NAMES) {
    const ackPolicy = chance.pick(['explicit', 'explicit', 'none']);
    const more = { ack_policy: ackPolicy, max_ack_pending: chance.pick([3, 1000]) };
    const deliver_policy = chance.pick(['all', 'all', 'last', 'new']);
    said.push(consumer('S', name, { ...chance.pick(FILTERS), deliver_policy, ...(ackPolicy === 'none' ? {} : more) }));
    if (ackPolicy === 'none') said.pop();
    if (ackPolicy === 'none') said.push(consumer('S', name, { ...chance.pick(FILTERS), ack_policy: 'none' }));
  }
  for (let at = 0; at < steps; at++) said.push(...step(chance));
  said.push(info('S'));
  return { name: `by chance ${chance.seed}`, said };
}

function step(chance: Seeded): Said[] {
  const name = chance.pick(NAMES);
  const seq = 1 + chance.below(14);
  switch (chance.below(11)) {
    case 0:
    case 1:
    case 2:
      return [pub(`s.${chance.below(3)}`, String(seq))];
    case 3:
    case 4:
    case 5:
      return [{ ...next(`S.${name}`, { batch: 1, expires: 30_000_000 }), answers: 1 }, about('S', name)];
    case 6:
    case 7:
      return [reported(name, seq, '+ACK'), about('S', name)];
    case 8:
      return [reported(name, seq, chance.pick(['-NAK', '+TERM', '+WPI'])), about('S', name)];
    case 9:
      return [api('STREAM.MSG.DELETE.S', { seq }), later(30), ...NAMES.map((each) => about('S', each)), info('S')];
    default:
      return chance.once(3)
        ? [pub(`s.${chance.below(3)}`, 'r'), ...NAMES.map((each) => about('S', each)), info('S')]
        : [info('S')];
  }
}

function reported(name: string, seq: number, body: string): Said {
  return ack(`S.${name}`, `1.${seq}.${seq}`, body);
}
