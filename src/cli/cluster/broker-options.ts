/** Where the broker is, who this is to it, and how messages are signed: the options of every command that goes there. */

import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import type { ClusterKey, ClusterOptions } from 'concurrent-futures/cluster';
import { fileProblem, UsageError } from '../usage-error.js';

export interface BrokerFlags {
  readonly servers: string[];
  readonly queue?: string;
  readonly creds?: string;
  readonly nkey?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly inboxPrefix?: string;
  readonly keyFile?: string;
  readonly trust?: string[];
  readonly allowUnsigned?: boolean;
}

type Connection = NonNullable<ClusterOptions['connection']>;

/** Secrets come in the environment or in files: whoever may list processes sees their arguments. */
const secretNames = ['FUTURES_KEY', 'FUTURES_USER', 'FUTURES_PASSWORD', 'FUTURES_TOKEN'] as const;

export function declareBrokerOptions(command: Command): Command {
  return command
    .optionsGroup('Broker:')
    .requiredOption('-s, --servers <url...>', 'where it is: nats://host:4222', addresses)
    .option('--queue <name>', 'where workers and submitters meet (default: default)')
    .option('--creds <file>', "log in with a NATS user's credentials")
    .option('--nkey <file>', "log in with a NATS user's seed")
    .option('--tls-ca <file>', 'certificates (PEM) that vouch for the broker')
    .option('--tls-cert <file>', 'the certificate (PEM) to show to the broker')
    .option('--tls-key <file>', 'its private key (PEM)')
    .option('--inbox-prefix <subject>', 'where it answers (default: _INBOX, of a user _INBOX.<user>)')
    .optionsGroup('Signing:')
    .option('--key-file <file>', 'the secret that all share, or a private key')
    .option('--trust <file...>', 'public keys of those whose messages are taken')
    .option('--allow-unsigned', 'no signatures, though the broker is elsewhere');
}

function addresses(text: string, before: string[] = []): string[] {
  const given = text.split(',').map((each) => each.trim());
  for (const each of given) {
    if (!URL.canParse(each.includes('://') ? each : `nats://${each}`))
      throw new InvalidArgumentError('It must be an address like nats://host:4222.');
    if (each.includes('@'))
      throw new InvalidArgumentError('A user and a password come in FUTURES_USER and FUTURES_PASSWORD.');
  }
  return [...before, ...given];
}

export function queueOf({ queue = 'default' }: BrokerFlags): string {
  return queue;
}

/** Reads the files, and takes the secrets out of the environment: workers, and what they start, would inherit them. */
export async function clusterOptions(flags: BrokerFlags): Promise<ClusterOptions> {
  const env = Object.fromEntries(secretNames.map((name) => [name, process.env[name] || undefined]));
  for (const name of secretNames) delete process.env[name];
  const key = keyOf(flags, env['FUTURES_KEY']);
  return {
    servers: flags.servers,
    queue: queueOf(flags),
    connection: {
      // Credentials that are refused may be renewed: it goes on trying.
      ignoreAuthErrorAbort: true,
      ...(await login(flags, env)),
      ...tls(flags),
      ...inbox(flags, env['FUTURES_USER']),
    },
    ...(key !== undefined && { key }),
    ...(flags.allowUnsigned && { allowUnsigned: true }),
  };
}

function keyOf({ keyFile, trust }: BrokerFlags, inEnvironment: string | undefined): ClusterKey | undefined {
  const secret = keyFile === undefined ? inEnvironment : textOf('--key-file', keyFile).replace(/\r?\n$/, '');
  const isPrivateKey = secret?.startsWith('-----BEGIN') ?? false;
  if (trust === undefined) {
    if (isPrivateKey) throw new UsageError('the key is a private one: say with --trust FILE whose messages are taken');
    return secret;
  }
  if (!isPrivateKey) throw new UsageError('--trust needs a private key (Ed25519, PEM) in --key-file');
  return { privateKey: secret as string, publicKeys: trust.map((path) => textOf('--trust', path)) };
}

async function login(
  { creds, nkey }: BrokerFlags,
  { FUTURES_USER: user, FUTURES_PASSWORD: pass, FUTURES_TOKEN: token }: Readonly<Record<string, string | undefined>>,
): Promise<Connection> {
  const ways = Object.entries({ '--creds': creds, '--nkey': nkey, FUTURES_USER: user, FUTURES_TOKEN: token });
  const given = ways.flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (given.length > 1) throw new UsageError(`there is one way to log in, not ${given.join(' and ')}`);
  if (user !== undefined) return { user, ...(pass !== undefined && { pass }) };
  if (token !== undefined) return { token };
  const read =
    creds !== undefined ? freshly('--creds', creds) : nkey !== undefined ? freshly('--nkey', nkey) : undefined;
  // Where it is not installed, whoever connects says so.
  const client = read && (await import('@nats-io/transport-node').catch(() => undefined));
  if (read === undefined || client === undefined) return {};
  return { authenticator: creds !== undefined ? client.credsAuthenticator(read) : client.nkeyAuthenticator(read) };
}

/** One of its own, so that nobody else may hear what is answered: as deploy/nats/permissions.conf has it. */
function inbox({ inboxPrefix }: BrokerFlags, user: string | undefined): Connection {
  if (inboxPrefix !== undefined) return { inboxPrefix };
  return user !== undefined && /^[\w-]+$/.test(user) ? { inboxPrefix: `_INBOX.${user}` } : {};
}

/** At each login anew, since credentials expire. */
function freshly(option: string, path: string): () => Uint8Array {
  let last = textOf(option, path);
  return () => {
    try {
      last = readFileSync(path, 'utf8');
    } catch {
      // It is being replaced.
    }
    // The client wants the last line to end, and a seed to be a line without its end.
    return Buffer.from(option === '--creds' ? `${last.trim()}\n` : last.trim());
  };
}

function tls({ servers, tlsCa: caFile, tlsCert: certFile, tlsKey: keyFile }: BrokerFlags): Connection {
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new UsageError('a certificate and its private key go together: give --tls-cert and --tls-key');
  const files = Object.entries({ caFile, certFile, keyFile }).filter(([, path]) => path !== undefined);
  for (const [name, path] of files) textOf(`--tls-${name.slice(0, -4)}`, path as string);
  const isWanted = files.length > 0 || servers.some((each) => each.startsWith('tls://'));
  return isWanted ? { tls: Object.fromEntries(files) } : {};
}

function textOf(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`can't read ${option} ${path}: ${fileProblem(error)}`);
  }
}

/** What the library says of options, in terms of the command's. */
export function asUsageError(error: unknown): unknown {
  if (!(error instanceof TypeError || error instanceof RangeError)) return error;
  const isUnsigned = error.message.includes('allowUnsigned');
  return new UsageError(
    isUnsigned
      ? 'the broker is on another machine, and whoever reaches it could run code on the workers: ' +
          'give all sides the same secret (--key-file FILE, or FUTURES_KEY), or say --allow-unsigned'
      : error.message,
  );
}

/** Whether it would be the same a moment later. */
export function isFinal(error: unknown): boolean {
  return (
    error instanceof UsageError ||
    /authoriz|authentic|permission|not installed|credential|certificate/i.test((error as Error).message)
  );
}
