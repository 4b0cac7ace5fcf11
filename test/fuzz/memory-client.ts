/** A client's end of a connection within this process: sends texts, keeps what comes. One character per byte. */
import { createMemoryPair } from '../../kernel/ports/memory-network.ts';
import type { MemoryTransport } from '../../kernel/ports/memory-transport.ts';
import type { Receiver } from '../../kernel/ports/transport.ts';
import type { Server } from '../../kernel/server.ts';

export class MemoryClient implements Receiver {
  /** Fulfilled when the broker has closed. */
  readonly closed: Promise<void>;
  private readonly transport: MemoryTransport;
  received = '';
  private isClosed = false;
  private sayClosed: () => void = () => {};
  private wake: () => void = () => {};

  constructor({ broker }: Server) {
    const [near, far] = createMemoryPair({ clock: broker.clock, readBuffer: broker.arena.readBuffer });
    broker.listener.accept(far);
    this.transport = near;
    this.closed = new Promise((resolve) => {
      this.sayClosed = resolve;
    });
    near.start(this);
  }

  send(text: string): void {
    this.transport.write(Buffer.from(text, 'latin1'));
  }

  /** Says that nothing more will be sent, and goes on listening. */
  end(): void {
    this.transport.endWriting();
  }

  /** Takes everything up to this text, as soon as it is there; or what there is, once the broker has closed. */
  async takeUntil(ending: string): Promise<string> {
    while (!this.isClosed && !this.received.includes(ending)) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const at = this.received.indexOf(ending);
    const taken = at < 0 ? this.received : this.received.slice(0, at + ending.length);
    this.received = this.received.slice(taken.length);
    return taken;
  }

  onBytes(bytes: Uint8Array): void {
    this.received += Buffer.from(bytes).toString('latin1');
    this.wake();
  }

  onRead(): void {
    throw new Error('this client gave no read buffer');
  }

  onWritten(): void {}

  onClosed(): void {
    this.isClosed = true;
    this.sayClosed();
    this.wake();
  }
}
