/** The files by which others find the process: its id, and its ports. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileFailure } from '../kernel/config/grammar/file-failure.ts';
import { PROGRAM_NAME } from './command-failure.ts';

/** Without a line break: there are readers that take every byte for a digit. */
export function writePidFile(path: string): void {
  try {
    writeFileSync(path, String(process.pid), { mode: 0o640 });
  } catch (error) {
    throw new Error(`Could not write pidfile: ${fileFailure(path, error)}`, { cause: error });
  }
}

export function removePidFile(path: string): void {
  try {
    rmSync(path);
  } catch (error) {
    const reason = fileFailure(path, error).replace(/^\w+ /, 'remove ');
    throw new Error(`Could not remove pidfile: ${reason}`, { cause: error });
  }
}

/** URLs by kind of listener; kinds without any are left out. */
export type PortList = Readonly<Record<string, readonly string[]>>;

/** Harnesses look for this name, whatever the program that runs is called. */
export function portsFilePath(folder: string): string {
  return join(folder, `${PROGRAM_NAME}_${process.pid}.ports`);
}

/** A reader sees the whole file or none. */
export function writePortsFile(folder: string, ports: PortList): void {
  const path = portsFilePath(folder);
  const draft = `${path}.tmp`;
  const listed = Object.fromEntries(Object.entries(ports).filter(([, urls]) => urls.length > 0));
  try {
    writeFileSync(draft, JSON.stringify(listed));
    renameSync(draft, path);
  } catch (error) {
    throw new Error(`Error writing ports file (${path}): ${fileFailure(path, error)}`, { cause: error });
  }
}

export function removePortsFile(folder: string): void {
  const path = portsFilePath(folder);
  try {
    rmSync(path);
  } catch (error) {
    const reason = fileFailure(path, error).replace(/^\w+ /, 'remove ');
    throw new Error(`Error cleaning up ports file ${path}: ${reason}`, { cause: error });
  }
}
