/**
 * Signatures on everything that goes through the broker: whoever can publish there must not be able to run code on the workers.
 *
 *   sealed = scheme (1 byte) │ signature (0, 32 or 64 bytes) │ body
 *
 * What is signed is the subject and the body, so that a message can't be moved to another subject. Nothing of a body is decoded
 * before its signature was found good.
 */

import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { Refusal } from './refusal.js';

/** A secret that all share, or an Ed25519 pair for each with the public keys of whom it trusts; keys as PEM or key objects. */
export type ClusterKey =
  | string
  | Uint8Array
  | { readonly privateKey: string | KeyObject; readonly publicKeys: readonly (string | KeyObject)[] };

export interface Seal {
  readonly isSigned: boolean;
  close(subject: string, body: Uint8Array): Buffer;
  /** The body; throws a {@link Refusal} where the signature is not there or not good. */
  open(subject: string, sealed: Uint8Array): Buffer;
}

const schemes = { none: 0, hmac: 1, ed25519: 2 } as const;
const secretBytesMin = 16;

/** @param key none for messages that bear no signature */
export function sealFor(key: ClusterKey | undefined): Seal {
  if (key === undefined) return unsigned;
  if (typeof key === 'string' || key instanceof Uint8Array) return sharedSecret(Buffer.from(key as string));
  return keyPair(key);
}

const unsigned: Seal = {
  isSigned: false,
  close: (_subject, body) => Buffer.concat([Buffer.of(schemes.none), body]),
  open(_subject, sealed) {
    if (sealed[0] !== schemes.none)
      throw new Refusal(
        'BAD_SIGNATURE',
        'the message is signed, and there is no key here to check that with: give both sides the same key',
      );
    return Buffer.from(sealed.buffer, sealed.byteOffset + 1, sealed.byteLength - 1);
  },
};

function sharedSecret(secret: Buffer): Seal {
  if (secret.length < secretBytesMin)
    throw new RangeError(`key must be a secret of at least ${secretBytesMin} bytes; got ${secret.length}`);
  const mac = (subject: string, body: Uint8Array): Buffer =>
    createHmac('sha256', secret).update(subject).update('\n').update(body).digest();
  return signed(schemes.hmac, 32, mac, (subject, body, signature) => timingSafeEqual(signature, mac(subject, body)));
}

function keyPair({ privateKey, publicKeys }: Exclude<ClusterKey, string | Uint8Array>): Seal {
  const own = typeof privateKey === 'string' ? createPrivateKey(privateKey) : privateKey;
  const trusted = publicKeys.map((each) => (typeof each === 'string' ? createPublicKey(each) : each));
  for (const { asymmetricKeyType } of [own, ...trusted])
    if (asymmetricKeyType !== 'ed25519')
      throw new TypeError(`key must be an Ed25519 pair; got ${asymmetricKeyType ?? 'a secret'}`);
  const text = (subject: string, body: Uint8Array): Buffer => Buffer.concat([Buffer.from(`${subject}\n`), body]);
  return signed(
    schemes.ed25519,
    64,
    (subject, body) => sign(null, text(subject, body), own),
    (subject, body, signature) => trusted.some((each) => verify(null, text(subject, body), each, signature)),
  );
}

function signed(
  scheme: number,
  length: number,
  make: (subject: string, body: Uint8Array) => Buffer,
  isGood: (subject: string, body: Uint8Array, signature: Buffer) => boolean,
): Seal {
  return {
    isSigned: true,
    close: (subject, body) => Buffer.concat([Buffer.of(scheme), make(subject, body), body]),
    open(subject, sealed) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      if (bytes[0] === schemes.none) throw new Refusal('UNSIGNED', 'the message is not signed');
      if (bytes[0] !== scheme || bytes.length < 1 + length)
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
