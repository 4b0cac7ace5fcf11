/** A broker with certificates made for the occasion, beside a responder. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect } from 'node:tls';
import type { PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import { plugin as monitoring } from '../../../plugins/monitoring/index.ts';
import { plugin as ocsp } from '../../../plugins/ocsp/index.ts';
import { plugin as tls } from '../../../plugins/tls/index.ts';
import { type Made, makeCertificate, type Wanted } from '../../kits/certificate-maker.ts';
import { Responder } from '../../kits/ocsp-responder.ts';
import { RawClient, type RunningServer, withServer } from '../running-server.ts';
import { SecureClient } from '../tls/secure-client.ts';

export class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'gnatlet-ocsp-'));
  readonly responder: Responder;
  readonly authority: Made;
  readonly server: Made;

  private constructor(responder: Responder, wanted: Wanted) {
    this.responder = responder;
    this.authority = makeCertificate({ subject: [['CN', 'authority']], isAuthority: true });
    this.server = this.issue({ subject: [['CN', 'localhost']], hosts: ['localhost'], ...wanted });
    this.write('ca.pem', this.authority.pem);
    this.write('cert.pem', this.server.pem);
    this.write('key.pem', this.server.keyPem);
  }

  /** `wanted` is what the broker's certificate has besides its name. */
  static async with(wanted: Wanted, use: (world: World) => Promise<void>): Promise<void> {
    const responder = await Responder.start();
    const world = new World(responder, { ocspUrls: [responder.url], ...wanted });
    try {
      await use(world);
    } finally {
      await responder.close();
      rmSync(world.folder, { recursive: true });
    }
  }

  issue(wanted: Wanted): Made {
    return makeCertificate({ issuer: this.authority, ...wanted });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  /** Starts, lets `use` have it, and closes. */
  run(
    use: (running: RunningServer) => Promise<void>,
    { top = '', block = '', hasPlugin = true, others = [] as readonly PluginDefinition[] } = {},
  ): Promise<void> {
    const [cert, key, ca] = ['cert.pem', 'key.pem', 'ca.pem'].map((name) => JSON.stringify(this.path(name)));
    const text = `${top}\ntls { cert_file: ${cert}, key_file: ${key}, ca_file: ${ca}\n${block} }`;
    return withServer(text, hasPlugin ? [ocsp, tls, monitoring, ...others] : [tls], use);
  }

  async client(port: number, own?: Made): Promise<{ client: SecureClient; staple: Promise<Buffer | null> }> {
    const plain = await RawClient.connect(port);
    await plain.until(/INFO .*\r\n/);
    plain.socket.removeAllListeners('data');
    const options: ConnectionOptions = {
      socket: plain.socket,
      ca: this.authority.pem,
      servername: 'localhost',
      ...(own === undefined ? {} : { cert: own.pem, key: own.keyPem }),
    };
    // The types do not know this one.
    const socket = connect({ ...options, requestOCSP: true } as ConnectionOptions);
    const staple = new Promise<Buffer | null>((resolve) => {
      socket.once('OCSPResponse', (response: Buffer | null) => resolve(response?.length ? response : null));
    });
    return { client: await SecureClient.over(socket), staple };
  }
}
