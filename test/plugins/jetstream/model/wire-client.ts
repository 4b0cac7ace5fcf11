/** A client's end of a connection within this process: what it hears comes as messages, one character per byte. */

import type { Broker } from '../../../../kernel/plugin-api.ts';
import { createMemoryPair } from '../../../../kernel/ports/memory-network.ts';
import type { MemoryTransport } from '../../../../kernel/ports/memory-transport.ts';
import type { Receiver } from '../../../../kernel/ports/transport.ts';

export interface Heard {
  readonly subject: string;
  readonly sid: string;
  readonly reply: string;
  readonly header: string;
  readonly body: string;
}

export class WireClient implements Receiver {
  /** What nobody has taken yet. */
  readonly heard: Heard[] = [];
  pongs = 0;
  private readonly transport: MemoryTransport;
  private text = '';

  constructor({ clock, arena, listener }: Broker) {
    const [near, far] = createMemoryPair({ clock, readBuffer: arena.readBuffer });
    listener.accept(far);
    this.transport = near;
    near.start(this);
    this.say('CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n');
  }

  say(text: string): void {
    this.transport.write(Buffer.from(text, 'latin1'));
  }

  publish(subject: string, reply: string, body: string, header = ''): void {
    const to = reply === '' ? subject : `${subject} ${reply}`;
    if (header === '') this.say(`PUB ${to} ${body.length}\r\n${body}\r\n`);
    else this.say(`HPUB ${to} ${header.length} ${header.length + body.length}\r\n${header}${body}\r\n`);
  }

  end(): void {
    this.transport.endWriting();
  }

  onBytes(bytes: Uint8Array): void {
    this.text += Buffer.from(bytes).toString('latin1');
    while (this.takeOne());
  }

  /** False when what came is not whole yet. */
  private takeOne(): boolean {
    const end = this.text.indexOf('\r\n');
    if (end < 0) return false;
    const words = this.text.slice(0, end).split(' ');
    const hasHeader = words[0] === 'HMSG';
    if (!hasHeader && words[0] !== 'MSG') {
      if (words[0] === 'PONG') this.pongs++;
      else if (words[0] === 'PING') this.say('PONG\r\n');
      else if (words[0] === '-ERR') throw new Error(this.text.slice(0, end));
      this.text = this.text.slice(end + 2);
      return true;
    }
    const size = Number(words.at(-1));
    if (this.text.length < end + 2 + size + 2) return false;
    const content = this.text.slice(end + 2, end + 2 + size);
    const headerSize = hasHeader ? Number(words.at(-2)) : 0;
    const reply = words.length === (hasHeader ? 6 : 5) ? words[3]! : '';
    this.heard.push({
      subject: words[1]!,
      sid: words[2]!,
      reply,
      header: content.slice(0, headerSize),
      body: content.slice(headerSize),
    });
    this.text = this.text.slice(end + 2 + size + 2);
    return true;
  }

  onRead(): void {
    throw new Error('this client gave no read buffer');
  }

  onWritten(): void {}

  onClosed(): void {}
}
