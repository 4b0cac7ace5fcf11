/** Streams and consumers without the world around them. */
import { Buffer } from 'node:buffer';
import { Usage } from '../../../plugins/jetstream/account/usage.ts';
import { MessageLog, sizeFormulaOf } from '../../../plugins/jetstream/stream/message-log.ts';
import { PublishVerdict } from '../../../plugins/jetstream/stream/publish-verdict.ts';
import { StreamMachine } from '../../../plugins/jetstream/stream/stream-machine.ts';
import { PublishHeaders, scanPublishHeaders } from '../../../protocols/jetstream/publish-headers.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import { IndexedStore } from '../../../storage-drivers/derived/indexed-store.ts';
import { MemoryDriver } from '../../../storage-drivers/memory/memory-driver.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';
import { judgeStreamCreate } from '../../protocols/jetstream/judge.ts';

export interface MachineBench {
  readonly machine: StreamMachine;
  readonly verdict: PublishVerdict;
  publish(seconds: number, subject: string, body?: string, headers?: Readonly<Record<string, string>>): PublishVerdict;
  /** All that is there, one line each. */
  dump(): string[];
}

export async function machineBench(settings: object = {}): Promise<MachineBench> {
  const ports = createFakePorts();
  const body = JSON.stringify({ name: 'S', subjects: ['s.>'], storage: 'memory', ...settings });
  const config = judgeStreamCreate('S', body, new Map()) as StreamConfig;
  const options = { sizeOf: sizeFormulaOf('memory'), clock: ports.clock };
  const { records } = await IndexedStore.open(new MemoryDriver(ports), 'S', options);
  const machine = new StreamMachine(config, new MessageLog(records, 'memory', new Usage()));
  const verdict = new PublishVerdict();
  return {
    machine,
    verdict,
    publish(seconds, subject, text = 'x', headers = {}) {
      const message = messageOf(subject, text, headers);
      const found = new PublishHeaders();
      scanPublishHeaders(message.bytes, message.headerStart, message.bodyStart - message.headerStart, found);
      const hasHeader = message.bodyStart > message.headerStart;
      machine.publish(seconds, 0, message, hasHeader ? found : null, verdict);
      return verdict;
    },
    dump: () => dumpOf(machine),
  };
}

export function messageOf(subject: string, text: string, headers: Readonly<Record<string, string>> = {}): MessageBytes {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const header = lines.length === 0 ? '' : `NATS/1.0\r\n${lines.join('')}\r\n`;
  const bytes = Buffer.from(`${subject}${header}${text}`);
  const headerStart = Buffer.byteLength(subject);
  const bodyStart = headerStart + Buffer.byteLength(header);
  return {
    subjectBytes: bytes,
    subjectStart: 0,
    subjectEnd: headerStart,
    bytes,
    headerStart,
    bodyStart,
    bodyEnd: bytes.length,
  };
}

function dumpOf({ log }: StreamMachine): string[] {
  const lines: string[] = [`${log.first}-${log.last} ${log.count} ${log.bytes}`];
  for (let seq = log.firstFrom(0); seq !== Number.POSITIVE_INFINITY; seq = log.firstFrom(seq + 1)) {
    const { seconds, subjectBytes, subjectStart, subjectEnd, bytes, headerStart, bodyEnd } = log.read(seq)!;
    const subject = Buffer.from(subjectBytes.subarray(subjectStart, subjectEnd)).toString();
    const content = Buffer.from(bytes.subarray(headerStart, bodyEnd)).toString().replace(/\r\n/g, '|');
    lines.push(`${seq} ${seconds} ${subject} ${content}`);
  }
  return lines;
}
