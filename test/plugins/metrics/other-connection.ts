/** A connection of some kind that is no client, and has received so many messages. */
import type { Account } from '../../../kernel/accounts/account.ts';
import type { Broker } from '../../../kernel/broker.ts';
import { Connection } from '../../../kernel/connection/connection.ts';
import { TestWire } from '../../kits/broker-bench.ts';

export class OtherConnection extends Connection {
  readonly kindName = 'other';
  readonly isCutOffWhenSlow = false;
  readonly neededBytes = 0;
  protected readonly tag = 'other';

  constructor(broker: Broker, account: Account, messages: number) {
    super(broker, new TestWire());
    this.account = account;
    this.inMessages = messages;
    broker.register(this);
  }

  parse(_bytes: Buffer, _start: number, end: number): number {
    return end;
  }

  protected leave(): void {}
}
