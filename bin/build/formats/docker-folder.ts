/** A folder to build an image from. */
import { type ArchiveEntry, file } from './archives.ts';

export function dockerFolder(program: string): ArchiveEntry[] {
  return [file('gnatlet.cjs', program, 0o755), file('Dockerfile', DOCKERFILE), file('.dockerignore', IGNORED)];
}

/** Clients come from outside the container, so the broker listens on all its addresses. */
const DOCKERFILE = `FROM node:20-alpine
COPY gnatlet.cjs /usr/local/bin/gnatlet
RUN mkdir /data && chown node:node /data
USER node
WORKDIR /data
EXPOSE 4222
STOPSIGNAL SIGTERM
ENTRYPOINT ["gnatlet"]
`;

const IGNORED = `*
!gnatlet.cjs
`;
