/**
 * A broker on connections within this process: whatever bytes a client sends end in messages, in an error with its
 * exact text, or in a close; and another client never notices.
 */
import { test } from 'uvu';
import { DEFAULT_BROKER_OPTIONS } from '../../kernel/broker-options.ts';
import { SILENT_LOG } from '../../kernel/log.ts';
import { systemPorts } from '../../kernel/ports/system-ports.ts';
import { Server } from '../../kernel/server.ts';
import { ClientModel } from './client-model.ts';
import { anyFrame, greeting } from './frames.ts';
import { MemoryClient } from './memory-client.ts';
import { mutate } from './mutations.ts';
import { readStream } from './oracle.ts';
import { chosenSeed, Seeded } from './seeded.ts';

const FRAMES_PER_STREAM = 8;
const BROKERS = 20;
const { maxControlLine, maxPayload } = DEFAULT_BROKER_OPTIONS;
const RULES = { lineMax: maxControlLine, payloadMax: maxPayload, takesHeaders: false };

test('a million frames, whole and damaged, are answered exactly, and nobody else notices', () =>
  playStreams(125_000, false));

test('before login nothing but CONNECT is looked at, whatever the bytes', () => playStreams(15_000, true));

interface Place {
  server: Server;
  isGuarded: boolean;
  /** Somebody else on the same broker. */
  witness: MemoryClient;
}

async function playStreams(count: number, isGuarded: boolean): Promise<void> {
  const seed = chosenSeed();
  let stream = 0;
  const worker = async (): Promise<void> => {
    const place = await openPlace(isGuarded);
    try {
      while (stream < count) await playStream(place, seed, stream++);
    } finally {
      stream = count;
      await place.server.close();
    }
  };
  await Promise.all(Array.from({ length: BROKERS }, worker));
}

async function openPlace(isGuarded: boolean): Promise<Place> {
  const options = { ...DEFAULT_BROKER_OPTIONS, port: null };
  const server = new Server({ options, plugins: [], ports: systemPorts(), log: SILENT_LOG });
  if (isGuarded) letInOnly('u', server);
  await server.start();
  const witness = new MemoryClient(server);
  witness.send('CONNECT {"verbose":false,"user":"u"}\r\nSUB witness.only 1\r\nPING\r\n');
  await witness.takeUntil('PONG\r\n');
  return { server, isGuarded, witness };
}

function letInOnly(user: string, { broker }: Server): void {
  broker.hooks.connectionAuthenticate.tap({ plugin: 'guard', rank: 0 }, async (_client, options) =>
    options.user === user ? { account: '$G', user, permissions: null } : undefined,
  );
}

async function playStream(place: Place, seed: number, stream: number): Promise<void> {
  const chance = new Seeded((seed + stream * 2_654_435_761) % 4_294_967_296);
  const text = place.isGuarded ? withUser(chance, generate(chance)) : generate(chance);
  const answers = await converse(place.server, chance, text);
  try {
    checkAnswers(text, answers, place.isGuarded);
    await checkWitness(place, stream);
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(`GNATLET_SEED=${seed}, stream ${stream}, ${JSON.stringify(text)}: ${reason}`, { cause: error });
  }
}

/** Lets most CONNECTs name the user who is let in. */
function withUser(chance: Seeded, text: string): string {
  return text.replace(/\{"/g, (begin) => (chance.once(5) ? begin : '{"user":"u","'));
}

function generate(chance: Seeded): string {
  let text = greeting(chance);
  for (let frame = 0; frame < FRAMES_PER_STREAM; frame++) {
    const next = anyFrame(chance);
    text += chance.once(14) ? mutate(chance, next) : next;
  }
  return text;
}

/** Sends the text in a few pieces, says that this is all, and answers all that came. */
async function converse(server: Server, chance: Seeded, text: string): Promise<string> {
  const client = new MemoryClient(server);
  const cuts = chance.many(2, () => chance.below(text.length + 1)).sort((a, b) => a - b);
  let from = 0;
  for (const cut of [...cuts, text.length]) {
    client.send(text.slice(from, cut));
    from = cut;
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.end();
  await client.closed;
  return client.received;
}

function checkAnswers(text: string, answers: string, isGuarded: boolean): void {
  const info = /^INFO \{.*?\} \r\n/.exec(answers)?.[0];
  if (info === undefined) throw new Error('no INFO came first');
  const reading = readStream(text, RULES);
  const model = new ClientModel(answers.slice(info.length), isGuarded);
  if (text !== '') model.begin(text[0]);
  for (const event of reading.events) {
    if (!model.isClosed) model.follow(event);
  }
  if (!model.isClosed && reading.failure !== null) model.fail(reading.failure);
  if (!reading.isUndecided) model.expectEnd();
}

async function checkWitness({ witness }: Place, stream: number): Promise<void> {
  const body = String(stream);
  witness.send(`PUB witness.only ${body.length}\r\n${body}\r\nPING\r\n`);
  const came = await witness.takeUntil('PONG\r\n');
  const wanted = `MSG witness.only 1 ${body.length}\r\n${body}\r\nPONG\r\n`;
  if (came !== wanted) throw new Error(`the witness got ${JSON.stringify(came)}`);
}

test.run();
