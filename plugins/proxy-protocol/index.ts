/**
 * The PROXY protocol on the client port: the address a load balancer tells is the client's.
 *
 * The key `proxy_protocol` is the kernel's, and turns this plugin on; where the plugin runs, headers are read.
 */
import { definePlugin } from '../../kernel/plugin-api.ts';
import { proxyOpener } from './proxy-opener.ts';

export const plugin = definePlugin({
  name: 'proxy-protocol',
  version: '1.0.0',
  api: [1],
  summary: 'Takes the address of a client from the proxy it comes through',

  init(ctx) {
    const { broker, log, ports } = ctx.kernel;
    const { opener, isSettled } = proxyOpener(log, ports.clock);
    ctx.onDispose(broker.listener.addOpener(opener));
    // Until the proxy has spoken nobody knows whose address it is.
    ctx.tap('connection.hello', (info, connection) =>
      isSettled(connection) ? undefined : { ...info, client_ip: undefined },
    );
  },

  ready({ kernel }) {
    kernel.log.info('PROXY protocol enabled for client connections');
  },
});
