/** What a leaf shows its hub: a signature of what the hub asked to be signed, and name and password in any case. */
import { createPrivateKey, sign } from 'node:crypto';
import type { Disk } from '../../../kernel/plugin-api.ts';
import { decodeSeed, encodePublicKey, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';
import type { RemoteOptions } from '../config/remote-options.ts';
import type { RemoteUrl } from '../config/remote-url.ts';

/** In front of 32 bytes of seed: that this is an Ed25519 key. */
const KEY_FORM = Buffer.from('302e020100300506032b657004220420', 'hex');
const BLOCK = /-{3,}[^\n]*\n([^-][^\n]*)\n-{3,}/g;

/** Keys of CONNECT. Rejects where a file cannot be read. */
export async function loginOf(remote: RemoteOptions, url: RemoteUrl, nonce: string, disk: Disk): Promise<object> {
  const named = nameOf(url);
  if (remote.credentials !== '') return { ...(await withToken(remote.credentials, nonce, disk)), ...named };
  if (remote.seed !== '') return { ...withSeed(remote.seed, nonce), ...named };
  return named;
}

/** A URL with a name alone may mean either. */
function nameOf({ user, password }: RemoteUrl): object {
  if (user === '') return {};
  return password === '' ? { user, auth_token: user } : { user, pass: password };
}

async function withToken(path: string, nonce: string, disk: Disk): Promise<object> {
  const text = Buffer.from(await disk.readFile(expanded(path))).toString('utf8');
  const [jwt, seed] = [...text.replaceAll('\r', '').matchAll(BLOCK)].map(([, content]) => content!.trim());
  if (jwt === undefined || seed === undefined || decodeSeed(seed) === null)
    throw new Error(`${path} holds no token with a seed`);
  return { jwt, sig: signature(seed, nonce) };
}

function withSeed(seed: string, nonce: string): object {
  return { nkey: publicKey(seed), sig: signature(seed, nonce) };
}

function signature(seed: string, nonce: string): string {
  return sign(null, Buffer.from(nonce, 'latin1'), keyOf(seed)).toString('base64url');
}

function publicKey(seed: string): string {
  const { x } = keyOf(seed).export({ format: 'jwk' });
  return encodePublicKey(NkeyKind.user, Buffer.from(x!, 'base64url'));
}

function keyOf(seed: string) {
  const bytes = decodeSeed(seed)!.seed;
  return createPrivateKey({ key: Buffer.concat([KEY_FORM, bytes]), format: 'der', type: 'pkcs8' });
}

function expanded(path: string): string {
  const { HOME = '' } = process.env;
  return path.replace(/^~(?=\/)/, HOME).replace(/\$(\w+)/g, (whole, name: string) => process.env[name] ?? whole);
}
