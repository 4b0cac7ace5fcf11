/** A Debian package: the program, a configuration to begin with, a user of its own, and a unit for systemd. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { PRODUCT_VERSION } from '../../../kernel/version.ts';
import { type ArchiveEntry, ar, file, folder, tar } from './archives.ts';
import { firstConfiguration } from './first-configuration.ts';
import { SYSTEMD_UNIT } from './systemd-unit.ts';

export const DEBIAN_FILE = `gnatlet_${PRODUCT_VERSION}_all.deb`;

const PROGRAM = 'usr/lib/gnatlet/gnatlet.cjs';

export function debianPackage(program: string, plugins: readonly string[]): Buffer {
  const data = [
    folder(''),
    ...['etc/', 'etc/gnatlet/', 'usr/', 'usr/bin/', 'usr/lib/', 'usr/lib/gnatlet/'].map(folder),
    ...['usr/lib/systemd/', 'usr/lib/systemd/system/', 'usr/share/', 'usr/share/doc/', 'usr/share/doc/gnatlet/'].map(
      folder,
    ),
    file('etc/gnatlet/gnatlet.conf', firstConfiguration(plugins)),
    file('usr/bin/gnatlet', `#!/bin/sh\nexec node /${PROGRAM} "$@"\n`, 0o755),
    file(PROGRAM, program),
    file('usr/lib/systemd/system/gnatlet.service', SYSTEMD_UNIT),
    file('usr/share/doc/gnatlet/copyright', LICENSE),
  ];
  const control = [
    folder(''),
    file('control', controlText(data)),
    file('conffiles', '/etc/gnatlet/gnatlet.conf\n'),
    file('md5sums', sumsOf(data)),
    file('postinst', AFTER_INSTALLING, 0o755),
    file('prerm', BEFORE_REMOVING, 0o755),
    file('postrm', AFTER_REMOVING, 0o755),
  ];
  return ar([
    file('debian-binary', '2.0\n'),
    file('control.tar.gz', gzipSync(tar(control), { level: 9 })),
    file('data.tar.gz', gzipSync(tar(data), { level: 9 })),
  ]);
}

function controlText(data: readonly ArchiveEntry[]): string {
  const bytes = data.reduce((sum, { content }) => sum + content.length, 0);
  return `Package: gnatlet
Version: ${PRODUCT_VERSION}
Architecture: all
Maintainer: the gnatlet authors <gnatlet@localhost>
Installed-Size: ${Math.ceil(bytes / 1024)}
Depends: nodejs (>= 20), adduser
Section: net
Priority: optional
Description: NATS-compatible message broker
 A broker for clients of NATS, for Node.js: a small kernel and the plugins
 that were chosen when this package was built.
`;
}

function sumsOf(data: readonly ArchiveEntry[]): string {
  const files = data.filter(({ path }) => path !== '' && !path.endsWith('/'));
  return files.map(({ path, content }) => `${createHash('md5').update(content).digest('hex')}  ${path}\n`).join('');
}

const LICENSE = `Licensed under the Apache License, Version 2.0: /usr/share/common-licenses/Apache-2.0
`;

const AFTER_INSTALLING = `#!/bin/sh
set -e
if [ "$1" = configure ]; then
  getent passwd gnatlet > /dev/null ||
    adduser --system --group --no-create-home --home /var/lib/gnatlet --quiet gnatlet
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl enable gnatlet.service
    if [ -n "$2" ]; then
      systemctl try-restart gnatlet.service
    else
      systemctl start gnatlet.service
    fi
  fi
fi
`;

const BEFORE_REMOVING = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl disable --now gnatlet.service
fi
`;

/** What the broker kept stays until the package is purged. */
const AFTER_REMOVING = `#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
if [ "$1" = purge ]; then
  rm -rf /var/lib/gnatlet
fi
`;
