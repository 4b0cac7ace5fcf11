/** Two ends of one pipe: what is written to one is read from the other. */
import { Duplex } from 'node:stream';

export function duplexPair(): [Duplex, Duplex] {
  const near: Duplex = end(() => far);
  const far: Duplex = end(() => near);
  return [near, far];
}

function end(other: () => Duplex): Duplex {
  return new Duplex({
    read() {},
    write(bytes: Buffer, _encoding, done) {
      other().push(bytes);
      done();
    },
    final(done) {
      other().push(null);
      done();
    },
  });
}
