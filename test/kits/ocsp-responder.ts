/** Makes OCSP responses, and serves them over HTTP as a responder would. */

import { sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { identify, linkOf } from '../../plugins/ocsp/status.ts';
import { contextTag, Tag } from '../../protocols/x509/der.ts';
import { der, objectId, octetString, sequence } from '../../protocols/x509/der-writer.ts';
import { encodeCertificateId } from '../../protocols/x509/ocsp-request.ts';
import { bits, ECDSA_WITH_SHA256, type Made, timeOf } from './certificate-maker.ts';

export interface Said {
  readonly about: Made;
  readonly issuer: Made;
  readonly status?: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate?: Date;
  /** Null: none is said. */
  readonly nextUpdate?: Date | null;
  /** Who signs, if not the issuer; its certificate is sent along. */
  readonly signer?: Made;
  readonly algorithm?: string;
}

const HOUR_MS = 3_600_000;

export function makeResponse(said: Said): Buffer {
  const { about, issuer, status = 'good', signer = issuer } = said;
  const now = Date.now();
  const thisUpdate = said.thisUpdate ?? new Date(now - HOUR_MS);
  const nextUpdate = said.nextUpdate === undefined ? new Date(now + HOUR_MS) : said.nextUpdate;
  const id = identify(linkOf(about.certificate, issuer.certificate), said.algorithm);
  const single = sequence(
    encodeCertificateId(id),
    statusOf(status, thisUpdate),
    timeOf(thisUpdate),
    ...(nextUpdate === null ? [] : [der(contextTag(0), timeOf(nextUpdate))]),
  );
  const data = sequence(der(contextTag(1), signer.subject), timeOf(thisUpdate), sequence(single));
  const certificates = said.signer === undefined ? [] : [der(contextTag(0), sequence(said.signer.certificate))];
  const basic = sequence(data, ECDSA_WITH_SHA256, bits(sign('sha256', data, signer.key)), ...certificates);
  const typed = sequence(objectId('1.3.6.1.5.5.7.48.1.1'), octetString(basic));
  return sequence(der(Tag.enumerated, Buffer.of(0)), der(contextTag(0), typed));
}

function statusOf(status: 'good' | 'revoked' | 'unknown', since: Date): Buffer {
  if (status === 'revoked')
    return der(contextTag(1), timeOf(since), der(contextTag(0), der(Tag.enumerated, Buffer.of(1))));
  return der(contextTag(status === 'good' ? 0 : 2, false));
}

export function failure(code: number): Buffer {
  return sequence(der(Tag.enumerated, Buffer.of(code)));
}

/** Answers every question with what `answer` holds at the time. */
export class Responder {
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => {
    response.statusCode = 500;
    response.end();
  };
  /** The base64 of what was asked. */
  readonly asked: string[] = [];
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      this.asked.push(decodeURIComponent(request.url!.slice(1)));
      this.answer(request, response);
    });
  }

  static async start(): Promise<Responder> {
    const responder = new Responder();
    responder.server.listen(0, '127.0.0.1');
    await once(responder.server, 'listening');
    return responder;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  says(bytes: Uint8Array): void {
    this.answer = (_request, response) => {
      response.end(bytes);
    };
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
