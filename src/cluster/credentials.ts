/**
 * What this side shows to the broker when it logs in. The broker says that credentials have expired only to whom it has let in before, and to
 * others just no: so what was shown last is looked at here.
 */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Authenticator, ConnectionOptions } from '@nats-io/transport-node';

type Shown = ReturnType<Authenticator>;

export class Credentials {
  readonly #authenticators: readonly Authenticator[];
  readonly #tls: ConnectionOptions['tls'];
  #shown: Shown = undefined;
  #error: Error | undefined;

  constructor({ authenticator = [], tls }: Partial<ConnectionOptions>) {
    this.#authenticators = [authenticator].flat();
    this.#tls = tls;
  }

  /** The same, looked at. What throws would have the client give up for good: instead it shows again what it showed last, is refused, and tries again. */
  get options(): Partial<ConnectionOptions> {
    return this.#authenticators.length === 0 ? {} : { authenticator: (nonce) => this.#show(nonce) };
  }

  /** Throws where there is nothing to show. */
  check(): void {
    if (this.#error !== undefined) throw new Error(unusable(this.#error), { cause: this.#error });
  }

  /** Why the broker does not take them, where that can be seen here. */
  get trouble(): string | undefined {
    if (this.#error !== undefined) return unusable(this.#error);
    // The broker counts whole seconds, by a clock of its own.
    const isOver = (at: number | undefined): boolean => at !== undefined && at <= Date.now() + 1000;
    const [jwtEnd, certificateEnd] = [expiryOf(this.#shown), endOfCertificate(this.#tls)];
    if (isOver(jwtEnd)) return `its credentials expired at ${new Date(jwtEnd as number).toISOString()}`;
    if (isOver(certificateEnd)) return `its certificate expired at ${new Date(certificateEnd as number).toISOString()}`;
    return undefined;
  }

  #show(nonce: string | undefined): Shown {
    try {
      this.#shown = Object.assign({}, ...this.#authenticators.map((each) => each(nonce)));
      this.#error = undefined;
    } catch (error) {
      this.#error = error instanceof Error ? error : new Error(String(error));
    }
    return this.#shown;
  }
}

function unusable({ message }: Error): string {
  return `its credentials can't be used: ${message}`;
}

/** In milliseconds since the epoch. */
function expiryOf(shown: Shown): number | undefined {
  const jwt = (shown as { jwt?: unknown } | undefined)?.jwt;
  if (typeof jwt !== 'string') return undefined;
  try {
    const { exp } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { exp?: unknown };
    return typeof exp === 'number' && exp > 0 ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

/** Of the one that this side shows; the client says what is wrong with one that can't be read. */
function endOfCertificate(tls: ConnectionOptions['tls']): number | undefined {
  const { cert, certFile } = tls ?? {};
  if (cert === undefined && certFile === undefined) return undefined;
  try {
    return Date.parse(new X509Certificate(cert ?? readFileSync(certFile as string)).validTo);
  } catch {
    return undefined;
  }
}
