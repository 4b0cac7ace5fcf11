/** The two kinds of archive a Debian package is made of. */

export interface ArchiveEntry {
  /** Without a slash in front. A folder ends in one. */
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

export function file(path: string, content: string | Buffer, mode = 0o644): ArchiveEntry {
  return { path, mode, content: Buffer.from(content) };
}

export function folder(path: string): ArchiveEntry {
  return { path, mode: 0o755, content: Buffer.alloc(0) };
}

const BLOCK_BYTES = 512;

/** ustar. All of it is root's and of the beginning of time, so that the same build makes the same bytes. */
export function tar(entries: readonly ArchiveEntry[]): Buffer {
  const parts = entries.flatMap((entry) => [tarHeader(entry), padded(entry.content, BLOCK_BYTES)]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function tarHeader({ path, mode, content }: ArchiveEntry): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, at: number, digits: number): void => {
    header.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  };
  header.write(`./${path}`, 0, 'latin1');
  octal(mode, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(content.length, 124, 11);
  octal(0, 136, 11);
  header.fill(' ', 148, 156);
  header.write(path === '' || path.endsWith('/') ? '5' : '0', 156, 'latin1');
  header.write('ustar\0' + '00', 257, 'latin1');
  header.write('root', 265, 'latin1');
  header.write('root', 297, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** The archive that holds the three parts of a Debian package. */
export function ar(entries: readonly ArchiveEntry[]): Buffer {
  const parts = entries.flatMap(({ path, mode, content }) => {
    const fields = [path.padEnd(16), '0'.padEnd(12), '0'.padEnd(6), '0'.padEnd(6)];
    const header = `${fields.join('')}${`100${mode.toString(8)}`.padEnd(8)}${String(content.length).padEnd(10)}\`\n`;
    return [Buffer.from(header, 'latin1'), content, Buffer.alloc(content.length % 2, '\n')];
  });
  return Buffer.concat([Buffer.from('!<arch>\n', 'latin1'), ...parts]);
}

function padded(content: Buffer, to: number): Buffer {
  return Buffer.concat([content, Buffer.alloc((to - (content.length % to)) % to)]);
}
