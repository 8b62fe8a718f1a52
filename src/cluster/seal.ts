/**
 * Signatures on everything that goes through the broker: whoever can publish there must not be able to run code on the workers.
 *
 *   sealed = scheme (1 byte) │ signature (0 or 32 bytes; of a pair: which one, 8, and 64 bytes) │ body
 *
 * What is signed is the subject and the body, so that a message can't be moved to another subject. Nothing of a body is decoded
 * before its signature was found good.
 */

import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { Refusal } from './refusal.js';

/** A key as PEM, or a key object. */
type KeyText = string | KeyObject;

/** A secret that all share, or an Ed25519 pair for each with the public keys of whom it trusts. */
export type ClusterKey =
  | string
  | Uint8Array
  | {
      readonly privateKey: KeyText;
      /** Of whom to trust: for everything, or tasks by those of submitters and outcomes by those of workers. Who holds the pair trusts itself. */
      readonly publicKeys:
        | readonly KeyText[]
        | { readonly submitters: readonly KeyText[]; readonly workers: readonly KeyText[] };
    };

export interface Seal {
  readonly isSigned: boolean;
  /** Who signs, as a part of a subject: what differs in that is signed with other keys. */
  readonly signer: string;
  close(subject: string, body: Uint8Array): Buffer;
  /** The body; throws a {@link Refusal} where the signature is not there or not good. */
  open(subject: string, sealed: Uint8Array): Buffer;
}

const schemes = { none: 0, hmac: 1, ed25519: 2 } as const;
const secretBytesMin = 16;
const pem = /^\s*-----BEGIN /;

/** @param key none for messages that bear no signature */
export function sealFor(key: ClusterKey | undefined): Seal {
  if (key === undefined) return unsigned;
  if (typeof key === 'string' && pem.test(key))
    throw new TypeError('key is one half of a pair: give { privateKey, publicKeys }, or a secret that all share');
  if (typeof key === 'string' || key instanceof Uint8Array) return sharedSecret(Buffer.from(key as string));
  return keyPair(key);
}

const unsignedHead = Buffer.of(schemes.none);

const unsigned: Seal = {
  isSigned: false,
  signer: 'unsigned',
  close: (_subject, body) => Buffer.concat([unsignedHead, body]),
  open(_subject, sealed) {
    if (sealed[0] === schemes.none) return Buffer.from(sealed.buffer, sealed.byteOffset + 1, sealed.byteLength - 1);
    if (sealed[0] !== schemes.hmac && sealed[0] !== schemes.ed25519)
      throw new Refusal('MALFORMED', 'the message is not of this library');
    throw new Refusal(
      'BAD_SIGNATURE',
      'the message is signed, and there is no key here to check that with: give both sides the same key',
    );
  },
};

function sharedSecret(secret: Buffer): Seal {
  if (secret.length < secretBytesMin)
    throw new RangeError(`key must be a secret of at least ${secretBytesMin} bytes; got ${secret.length}`);
  const mac = (subject: string, body: Uint8Array): Buffer =>
    createHmac('sha256', secret).update(subject).update('\n').update(body).digest();
  return signed({
    scheme: schemes.hmac,
    length: 32,
    signer: mac('signer', Buffer.alloc(0)).toString('hex', 0, 8),
    make: mac,
    isGood: (subject, body, signature) => timingSafeEqual(signature, mac(subject, body)),
  });
}

function keyPair({ privateKey, publicKeys }: Exclude<ClusterKey, string | Uint8Array>): Seal {
  const own = keyOf('privateKey', privateKey, createPrivateKey);
  const ownPublic = createPublicKey(own);
  const read = (name: string, keys: readonly KeyText[]): Map<string, KeyObject> => {
    if (!Array.isArray(keys)) throw new TypeError(`key.${name} must be a list of public keys; got ${typeof keys}`);
    const all = [...keys.map((each) => keyOf(name, each, createPublicKey)), ownPublic];
    return new Map(all.map((each) => [signerOf(each), each]));
  };
  const signer = signerOf(ownPublic);
  const isByRole = !Array.isArray(publicKeys);
  const roles = publicKeys as { submitters: readonly KeyText[]; workers: readonly KeyText[] };
  const submitters = isByRole
    ? read('publicKeys.submitters', roles?.submitters)
    : read('publicKeys', publicKeys as readonly KeyText[]);
  const workers = isByRole ? read('publicKeys.workers', roles?.workers) : submitters;
  const text = (subject: string, body: Uint8Array): Buffer => Buffer.concat([Buffer.from(`${subject}\n`), body]);
  return signed({
    scheme: schemes.ed25519,
    length: signerBytes + 64,
    signer,
    make: (subject, body) => Buffer.concat([Buffer.from(signer, 'hex'), sign(null, text(subject, body), own)]),
    // To try all keys would cost as much as there are workers, for each message of each.
    isGood: (subject, body, signature) => {
      const known = (isOfWorker(subject) ? workers : submitters).get(signature.toString('hex', 0, signerBytes));
      return known !== undefined && verify(null, text(subject, body), known, signature.subarray(signerBytes));
    },
  });
}

const signerBytes = 8;

function signerOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 2 * signerBytes);
}

/** Subjects are `cf.<queue>.<what>…`: see names.ts. */
function isOfWorker(subject: string): boolean {
  const what = subject.split('.', 3)[2];
  return what === 'res' || what === 'presence';
}

function keyOf(name: string, key: KeyText, read: (pem: string) => KeyObject): KeyObject {
  let made: KeyObject;
  try {
    made = key instanceof KeyObject ? key : read(key);
  } catch (cause) {
    throw new TypeError(
      `key.${name} can't be read: it must be an Ed25519 key as PEM, as openssl genpkey -algorithm ed25519 writes it`,
      { cause },
    );
  }
  if (made.asymmetricKeyType === 'ed25519') return made;
  throw new TypeError(`key.${name} must be an Ed25519 key; got ${made.asymmetricKeyType ?? 'a secret'}`);
}

function signed(by: {
  scheme: number;
  length: number;
  signer: string;
  make(subject: string, body: Uint8Array): Buffer;
  isGood(subject: string, body: Uint8Array, signature: Buffer): boolean;
}): Seal {
  const { scheme, length, signer, make, isGood } = by;
  return {
    isSigned: true,
    signer,
    close: (subject, body) => Buffer.concat([Buffer.of(scheme), make(subject, body), body]),
    open(subject, sealed) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      const [first] = bytes;
      if (first === schemes.none)
        throw new Refusal('UNSIGNED', 'the message is not signed: give both sides the same key');
      if (first !== schemes.hmac && first !== schemes.ed25519)
        throw new Refusal('MALFORMED', 'the message is not of this library');
      if (first !== scheme || bytes.length < 1 + length)
        throw new Refusal('BAD_SIGNATURE', 'the message is signed in another way than with the key that is known here');
      const body = bytes.subarray(1 + length);
      if (!isGood(subject, body, bytes.subarray(1, 1 + length)))
        throw new Refusal(
          'BAD_SIGNATURE',
          'the signature of the message is not that of a known key: the keys differ, or it was changed on its way',
        );
      return body;
    },
  };
}
