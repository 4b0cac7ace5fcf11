/** Requests and their answers, and how connections and subscriptions end. */
import * as assert from 'uvu/assert';
import { type Behaviour, rest, texts } from './stage.ts';

const NO_RESPONDERS = /no ?responders|503/i;

async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    const { name, message, code, cause } = error as Error & { code?: string; cause?: Error };
    return `${name} ${message} ${code ?? ''} ${cause?.name ?? ''} ${cause?.message ?? ''}`;
  }
  throw new Error('it did not fail');
}

export const LIFECYCLE_BEHAVIOURS: readonly Behaviour[] = [
  {
    name: 'a request gets the answer of whoever listens',
    async run(stage) {
      const [asker, answerer] = [await stage.connect(), await stage.connect()];
      answerer.subscribe('double.*', {
        callback: (_error, message) => void message.respond(message.string().repeat(2)),
      });
      await answerer.flush();
      const answers = await Promise.all(['a', 'b', 'c'].map((text) => asker.request('double.it', text)));
      assert.equal(
        answers.map((answer) => answer.string()),
        ['aa', 'bb', 'cc'],
      );
      const alone = await asker.request('double.it', 'd', { noMux: true, timeout: 2000 });
      assert.is(alone.string(), 'dd');
    },
  },
  {
    name: 'a request nobody listens to fails at once',
    async run(stage) {
      const connection = await stage.connect();
      const startedAt = performance.now();
      assert.match(await failure(connection.request('nobody.home', '', { timeout: 30_000 })), NO_RESPONDERS);
      assert.match(
        await failure(connection.request('nobody.home', '', { timeout: 30_000, noMux: true })),
        NO_RESPONDERS,
      );
      assert.ok(performance.now() - startedAt < 10_000);
    },
  },
  {
    name: 'a request nobody answers runs out of time',
    async run(stage) {
      const connection = await stage.connect();
      connection.subscribe('deaf', { callback: () => {} });
      assert.match(await failure(connection.request('deaf', '', { timeout: 30 })), /timeout/i);
    },
  },
  {
    name: 'one request can collect several answers',
    async run(stage) {
      const [asker, ...answerers] = [await stage.connect(), await stage.connect(), await stage.connect()];
      for (const [index, answerer] of answerers.entries()) {
        answerer!.subscribe('roll.call', { callback: (_error, message) => void message.respond(`member ${index}`) });
        await answerer!.flush();
      }
      const options = { strategy: 'count' as const, maxMessages: 2, maxWait: 5000 };
      const answers: string[] = [];
      for await (const answer of await asker!.requestMany('roll.call', '', options)) {
        if (answer instanceof Error) throw answer;
        answers.push(answer.string());
      }
      assert.equal(answers.sort(), ['member 0', 'member 1']);
    },
  },
  {
    name: 'a reply subject of the sender is passed on',
    async run(stage) {
      const connection = await stage.connect();
      const answers = connection.subscribe('answers.here');
      connection.subscribe('question', { callback: (_error, message) => void message.respond(`to ${message.reply}`) });
      connection.publish('question', '', { reply: 'answers.here' });
      assert.equal(await texts(answers, 1), ['to answers.here']);
    },
  },
  {
    name: 'draining a connection delivers what is under way, and then closes it',
    async run(stage) {
      const [leaving, other] = [await stage.connect(), await stage.connect()];
      const subscription = leaving.subscribe('last.words');
      await leaving.flush();
      for (let number = 0; number < 100; number++) other.publish('last.words', String(number));
      await other.flush();
      await leaving.drain();
      assert.is((await rest(subscription)).length, 100);
      assert.ok(leaving.isClosed());
      assert.is(await leaving.closed(), undefined);
    },
  },
  {
    name: 'draining a subscription leaves the connection in use',
    async run(stage) {
      const connection = await stage.connect();
      const subscription = connection.subscribe('a.while');
      connection.publish('a.while', 'one');
      await subscription.drain();
      connection.publish('a.while', 'two');
      await connection.flush();
      assert.equal(await rest(subscription), ['one']);
      assert.not.ok(connection.isClosed());
    },
  },
  {
    name: 'closing a connection ends its subscriptions and reports no error',
    async run(stage) {
      const [connection, other] = [await stage.connect(), await stage.connect()];
      const subscription = connection.subscribe('gone');
      await connection.flush();
      await connection.close();
      assert.is(await connection.closed(), undefined);
      assert.equal(await rest(subscription), []);
      // The broker learns of it when the other end of the wire is gone.
      const ask = () => failure(other.request('gone', '', { timeout: 50 }));
      let answer = await ask();
      for (let turn = 0; turn < 100 && !NO_RESPONDERS.test(answer); turn++) answer = await ask();
      assert.match(answer, NO_RESPONDERS);
      assert.throws(() => connection.publish('gone'));
    },
  },
];
