/** Message tracing: a message that asks for it leaves a report of where it went, and why not elsewhere. */
import { definePlugin } from '../../kernel/plugin-api.ts';
import { plainStamp, type ServerStamp } from './server-stamp.ts';
import { HeaderTracer } from './tracer.ts';

export const plugin = definePlugin({
  name: 'message-trace',
  version: '0.1.0',
  api: [1],
  summary: 'Reports the way of messages that ask to be traced',
  mayComeAndGo: true,
  requires: [{ name: 'server.stamp', cardinality: 'one', optional: true }],

  init(ctx) {
    const { broker } = ctx.kernel;
    const stamp = ctx.useOptional<ServerStamp>('server.stamp') ?? plainStamp(broker);
    const tracer = new HeaderTracer(broker, stamp);
    broker.messageTracer = tracer;
    ctx.onDispose(() => {
      tracer.close();
      if (broker.messageTracer === tracer) broker.messageTracer = null;
    });
  },
});
