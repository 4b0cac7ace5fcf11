/** What other plugins may have of the WebSocket listener. Import it as types only. */
import type { Transport } from '../../kernel/plugin-api.ts';

/** The capability `websocket.paths`: protocols other than that of NATS clients, over the same port. */
export interface WebSocketPaths {
  /** From `init` on. Answers how to give the path back. */
  claim(claim: PathClaim): () => void;
}

export interface PathClaim {
  /** How the path ends: `/mqtt` is also `/tenant/a/mqtt`. */
  readonly suffix: string;
  /**
   * What the clients of this path call their protocol. The first they offer is confirmed. A client that offers one on a
   * path nobody claims comes here too.
   */
  readonly subprotocols?: readonly string[];
  /** False: text frames end the connection. */
  readonly acceptsText?: boolean;
  /**
   * Somebody has come this way. The transport, of kind `websocket`, carries the bytes of the protocol; whoever serves it calls
   * `start`. Tell `end` the reason from `CloseReason`: it becomes the code and the text of the close frame.
   */
  accept(transport: Transport, visit: Visit): void;
}

export interface Visit {
  readonly path: string;
  /** What was confirmed; empty for none. */
  readonly subprotocol: string;
  /** Whom a proxy says it speaks for: for log lines only. Empty for nobody. */
  readonly forwardedFor: string;
}

/** The capability `websocket.address`: where the listener answers, for whoever writes it down. */
export interface WebSocketAddress {
  /** Empty until it listens. */
  urls(): readonly string[];
  /** `host:port`, as clients are told to connect to: from `advertise`, or the addresses of this machine. */
  connectUrls(): readonly string[];
}

/** The capability `websocket.dialer`: from here to WebSocket listeners of other servers, step by step. */
export interface WebSocketDialer {
  /**
   * Turns a connection to a listener, secure where that is wanted, into a WebSocket. Rejects with the reason; the transport is
   * still the caller's then. What is answered is of kind `websocket`, and `end` tells the other side why.
   */
  open(transport: Transport, request: DialRequest): Promise<Transport>;
  /** Asks the HTTP proxy at the other end to go on to `target`: what comes after is as if that had been connected to. */
  tunnel(transport: Transport, request: TunnelRequest): Promise<void>;
}

export interface DialRequest {
  /** `host:port`, as in the URL. */
  readonly host: string;
  readonly path: string;
  /** permessage-deflate is asked for; whether it is used the other side decides. */
  readonly compresses: boolean;
  /** False: the other side is asked to do without masks. */
  readonly isMasked: boolean;
  readonly timeoutMs: number;
}

export interface TunnelRequest {
  /** `host:port` */
  readonly target: string;
  /** Empty: none is shown. */
  readonly user: string;
  readonly password: string;
  readonly timeoutMs: number;
}
