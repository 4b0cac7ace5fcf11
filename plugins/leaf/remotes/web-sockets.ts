/** The way to hubs that are reached over WebSocket, through a proxy where there is one. */
import { type Broker, type ConfigNode, pluginNeeded, type Transport } from '../../../kernel/plugin-api.ts';
import type { WebSocketDialer } from '../../websocket/contract.ts';
import type { HttpProxy } from '../config/proxy-options.ts';
import type { RemoteOptions } from '../config/remote-options.ts';
import { addressOf, type RemoteUrl } from '../config/remote-url.ts';

/** Where leafs come by, behind the prefix of the URL. */
export const LEAF_PATH = '/leafnode';

export interface WebSocketParts {
  readonly broker: Broker;
  readonly dialTimeoutMs: number;
  /** Undefined: nobody here can. */
  readonly dialer: WebSocketDialer | undefined;
  /** Secures the connection to a proxy. */
  secure(transport: Transport, host: string, tls: ConfigNode | null): Promise<Transport>;
}

type Secure = (transport: Transport) => Promise<Transport>;

export class WebSockets {
  private readonly parts: WebSocketParts;

  constructor(parts: WebSocketParts) {
    this.parts = parts;
  }

  /** `secure`: null where the URL says that it stays open. */
  async open(url: RemoteUrl, options: RemoteOptions, secure: Secure | null): Promise<Transport> {
    const { dialer } = this.parts;
    if (dialer === undefined) {
      throw new Error(pluginNeeded('connecting over WebSocket', 'websocket'));
    }
    const timeoutMs = options.dialTimeoutMs || this.parts.dialTimeoutMs;
    let transport = await this.reach(dialer, url, options.proxy, timeoutMs);
    try {
      if (secure !== null) transport = await secure(transport);
      return await dialer.open(transport, {
        host: addressOf(url),
        path: `${url.prefix}${LEAF_PATH}`,
        compresses: options.compressesFrames,
        isMasked: options.isMasked,
        timeoutMs,
      });
    } catch (error) {
      transport.destroy();
      throw error;
    }
  }

  private async reach(
    dialer: WebSocketDialer,
    url: RemoteUrl,
    proxy: HttpProxy | null,
    timeoutMs: number,
  ): Promise<Transport> {
    if (proxy === null) return this.connect(url, timeoutMs);
    const proxyMs = proxy.timeoutMs || timeoutMs;
    let transport = await this.connect(proxy, proxyMs);
    try {
      if (proxy.isSecure) transport = await this.parts.secure(transport, proxy.host, proxy.tls);
      const { user, password } = proxy;
      await dialer.tunnel(transport, { target: addressOf(url), user, password, timeoutMs: proxyMs });
      return transport;
    } catch (error) {
      transport.destroy();
      throw error;
    }
  }

  private connect({ host, port }: { host: string; port: number }, timeoutMs: number): Promise<Transport> {
    const { arena, ports } = this.parts.broker;
    return ports.network.connect({ host, port, timeoutMs, readBuffer: arena.readBuffer });
  }
}
