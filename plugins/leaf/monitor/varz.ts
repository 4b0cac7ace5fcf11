/** What /varz says of leafs. */
import { textFromSubject } from '../../../kernel/plugin-api.ts';
import type { RemoteOptions } from '../config/remote-options.ts';
import { addressOf } from '../config/remote-url.ts';
import type { Leafs } from '../leafs.ts';

const NANOSECONDS = 1_000_000;
const TLS_SECONDS = 2;

export function varzOf(leafs: Leafs | null): Readonly<Record<string, unknown>> {
  if (leafs === null) return {};
  return { leaf: block(leafs), leafnodes: leafs.inUse().length };
}

function block({ authTimeoutMs, config, listener, tls }: Leafs): object {
  const remotes = config.remotes.map(remoteEntry);
  return {
    host: listener?.host,
    port: listener?.port,
    auth_timeout: listener === null ? undefined : authTimeoutMs / 1000,
    tls_timeout: listener === null ? undefined : tls === null ? TLS_SECONDS : tls.timeoutMs / 1000,
    tls_required: tls === null ? undefined : true,
    tls_verify: tls?.settings.options.verifies === true ? true : undefined,
    write_deadline: config.writeDeadlineMs > 0 ? config.writeDeadlineMs * NANOSECONDS : undefined,
    write_timeout: config.writeTimeout === 'default' ? undefined : config.writeTimeout,
    tls_cert_not_after: tls === null ? undefined : new Date(tls.settings.expiresAt).toISOString().replace('.000Z', 'Z'),
    remotes: remotes.length === 0 ? undefined : remotes,
  };
}

function remoteEntry({ account, denyExports, denyImports, urls }: RemoteOptions): object {
  const deny = {
    exports: denyExports.length === 0 ? undefined : denyExports.map(textFromSubject),
    imports: denyImports.length === 0 ? undefined : denyImports.map(textFromSubject),
  };
  return {
    local_account: textFromSubject(account),
    tls_timeout: TLS_SECONDS,
    urls: urls.length === 0 ? undefined : urls.map(addressOf),
    deny: denyExports.length + denyImports.length === 0 ? undefined : deny,
  };
}
