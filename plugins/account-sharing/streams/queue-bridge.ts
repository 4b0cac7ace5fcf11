/**
 * The members of a queue group in the importing account, as they stand among the exporter's.
 *
 * A service, not a link: when nobody here takes a message, the next member in the exporter's group is tried.
 */
import {
  type Message,
  type MessageTrace,
  SERVICE_SINK,
  type ServiceSink,
  type Subscription,
} from '../../../kernel/plugin-api.ts';

export interface GroupEntrance {
  deliverToGroup(message: Message, queue: string): boolean;
  deliverToGroupTraced(message: Message, queue: string, trace: MessageTrace): boolean;
}

export class QueueBridge implements ServiceSink {
  readonly kind = SERVICE_SINK;
  private readonly entrance: GroupEntrance;

  constructor(entrance: GroupEntrance) {
    this.entrance = entrance;
  }

  deliver(message: Message, { queue }: Subscription): boolean {
    return this.entrance.deliverToGroup(message, queue);
  }

  deliverTraced(message: Message, { queue }: Subscription, trace: MessageTrace): boolean {
    return this.entrance.deliverToGroupTraced(message, queue, trace);
  }
}
