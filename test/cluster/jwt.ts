/** Users of a broker that are told by tokens (JWT) of an account: made here, as `nsc` makes them. https://docs.nats.io/running-a-nats-service/nats_admin/security/jwt */

import { nkeys } from '@nats-io/transport-node';

type KeyPair = ReturnType<typeof nkeys.createUser>;

function signed(type: string, name: string, of: KeyPair, by: KeyPair, more: object, expiresAt?: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    jti: `${name}-${Math.random()}`,
    iat: now,
    iss: by.getPublicKey(),
    name,
    sub: of.getPublicKey(),
    ...(expiresAt !== undefined && { exp: Math.floor(expiresAt / 1000) }),
    nats: { ...more, type, version: 2 },
  };
  const head = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(claims)}`;
  return `${head}.${Buffer.from(by.sign(Buffer.from(head))).toString('base64url')}`;
}

const unlimited = { subs: -1, data: -1, payload: -1 };
const accountLimits = {
  ...unlimited,
  ...{ imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 },
  ...{ mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 },
};

export class TestAccount {
  readonly #account = nkeys.createAccount();
  /** What the broker's configuration says of it. */
  readonly config: string;

  constructor() {
    const [operator, system] = [nkeys.createOperator(), nkeys.createAccount()];
    const [account, systemAccount] = [this.#account, system].map((each) =>
      signed('account', 'account', each, operator, each === system ? {} : { limits: accountLimits }),
    );
    this.config = [
      `operator: ${signed('operator', 'operator', operator, operator, { system_account: system.getPublicKey() })}`,
      'resolver: MEMORY',
      `resolver_preload: { ${this.#account.getPublicKey()}: ${account}, ${system.getPublicKey()}: ${systemAccount} }`,
    ].join('\n');
  }

  /** A credentials file of a new user. @param expiresAt milliseconds since the epoch, of which whole seconds count */
  credentials(expiresAt?: number): string {
    const user = nkeys.createUser();
    const jwt = signed('user', 'user', user, this.#account, unlimited, expiresAt);
    const seed = new TextDecoder().decode(user.getSeed());
    const block = (title: string, text: string): string =>
      `-----BEGIN ${title}-----\n${text}\n------END ${title}------\n`;
    return `${block('NATS USER JWT', jwt)}\n${block('USER NKEY SEED', seed)}`;
  }
}
