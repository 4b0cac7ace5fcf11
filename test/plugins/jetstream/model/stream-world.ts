/** A broker with streams in a world whose time moves when told. It can be restarted, and keeps what its driver keeps. */

import type { EmbeddedServer } from '../../../../bin/embedding/embedded-server.ts';
import { createServer } from '../../../../bin/index.ts';
import { type Broker, definePlugin } from '../../../../kernel/plugin-api.ts';
import { plugin as jetstream } from '../../../../plugins/jetstream/index.ts';
import { type Keeper, keeperPlugin, type Place } from './keepers.ts';
import { type Heard, WireClient } from './wire-client.ts';

/** Of the machine's time: drivers that write real files take some. */
const PATIENCE_MS = 10_000;
const INBOX_SID = '1';

export class StreamWorld {
  readonly place: Place;
  readonly log: string[] = [];
  client!: WireClient;
  private server!: EmbeddedServer;
  private asked = 0;

  private constructor(place: Place) {
    this.place = place;
  }

  static async start(keeper: Keeper, seed: number): Promise<StreamWorld> {
    const world = new StreamWorld(keeper.place(seed));
    await world.open();
    return world;
  }

  get now(): number {
    return this.place.ports.clock.now();
  }

  private async open(): Promise<void> {
    let broker: Broker | null = null;
    const eyes = definePlugin({
      name: 'model-eyes',
      version: '1.0.0',
      api: [1],
      register: (ctx) => {
        broker = ctx.kernel.broker;
      },
    });
    const say = (line: string): void => void this.log.push(line);
    this.server = createServer(
      { plugins: ['auth'] },
      {
        plugins: [keeperPlugin(this.place), jetstream, eyes],
        ports: this.place.ports,
        log: { error: say, warn: say },
      },
    );
    await this.server.start();
    this.client = new WireClient(broker!);
    this.client.say(`SUB in.> ${INBOX_SID}\r\n`);
  }

  /** An orderly end, and a new beginning. */
  async restart(): Promise<void> {
    await this.server.close();
    await this.open();
  }

  /** Lets time pass; what is due happens. */
  async pass(milliseconds: number): Promise<void> {
    await this.quiet();
    await this.place.ports.clock.advance(milliseconds);
    await this.quiet();
  }

  /** The answer to a request. */
  async ask(subject: string, body = '', header = ''): Promise<Heard> {
    const inbox = `in.${++this.asked}`;
    this.client.publish(subject, inbox, body, header);
    return this.taken((heard) => heard.sid === INBOX_SID && heard.subject === inbox, `an answer to ${subject} ${body}`);
  }

  async api<Answer = Record<string, unknown>>(subject: string, request: object | null = null): Promise<Answer> {
    const { body } = await this.ask(`$JS.API.${subject}`, request === null ? '' : JSON.stringify(request));
    return JSON.parse(Buffer.from(body, 'latin1').toString()) as Answer;
  }

  /** Takes the first that is like this, as soon as it is there. */
  async taken(isIt: (heard: Heard) => boolean, what: string): Promise<Heard> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const at = this.client.heard.findIndex(isIt);
      if (at >= 0) return this.client.heard.splice(at, 1)[0]!;
      if (performance.now() > deadline) throw new Error(`${what} never came`);
      await this.turn();
    }
  }

  /** Everything that was said has been handled. */
  async quiet(turns = 3): Promise<void> {
    for (let turn = 0; turn < turns; turn++) {
      const before = this.client.pongs;
      this.client.say('PING\r\n');
      while (this.client.pongs === before) await this.turn();
      await this.turn();
    }
  }

  /** What is due now happens, and no time passes. */
  private async turn(): Promise<void> {
    await this.place.ports.clock.advance(0);
  }

  async end(): Promise<void> {
    await this.server.close();
    this.place.end();
  }
}
