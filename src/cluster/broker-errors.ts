/** What goes wrong with a broker, what of it passes, and what to say. */

/** What the broker says no with. */
export const apiErrors = {
  streamFull: 10077,
  wrongSequence: 10071,
  noMessage: 10037,
  noConsumer: 10014,
  noStream: 10059,
  otherConfig: 10058,
} as const;

/** What brokers of a cluster say no with while some of them are away, or do not know yet who leads: nats-server's errors.json. */
const undecided: ReadonlySet<unknown> = new Set([
  10_004, // not all have answered
  10_005, // too few to place a stream on
  10_007, // not assigned
  10_008, // temporarily unavailable
  10_009, // not the leader
  10_118, // the stream is offline
  10_119, // the consumer is offline
  10_158, // the same message is being stored
  10_163, // another of its subject is being stored
]);

/** The broker can't be used; it may be there in a moment where `mayPass`. */
export class BrokerError extends Error {
  readonly mayPass: boolean;

  constructor(message: string, mayPass: boolean, cause: unknown) {
    super(message, { cause });
    this.mayPass = mayPass;
  }
}

/**
 * Why the broker there can't be used.
 *
 * @param known see {@link explained}
 */
export function unusable(
  { servers }: { servers: string | readonly string[] },
  cause: unknown,
  known: { trouble?: string | undefined; isIn?: boolean } = {},
): BrokerError {
  const mayPass = known.trouble === undefined && isAway(cause);
  return new BrokerError(
    `can't use the broker at ${[servers].flat().join(', ')}: ${explained(cause, known)}`,
    mayPass,
    cause,
  );
}

/** Nobody answers, or not yet. What was answered with a no is no better in a moment. */
function isAway(error: unknown): boolean {
  if (typeof codeOf(error) === 'number') return codeOf(error) === 503 || undecided.has(codeOf(error));
  return !/authoriz|authentic|permission|not installed|credential|certificate/i.test(nameOf(error));
}

/** Another message of that subject was stored first. */
export class WrongPlace extends Error {}

/** A server that was full, or away, may not be in a moment. */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  if (code === apiErrors.streamFull || undecided.has(code)) return true;
  if (typeof code === 'number' && code >= 10_000) return false;
  const name = nameOf(error);
  return !/permission|authoriz|closed|draining/i.test(name) || /timeout/i.test(name);
}

/** A broker is there, and nobody in it takes the message. */
export function isNobody(error: unknown): boolean {
  return codeOf(error) === 503 || /NoResponders|JetStreamNotEnabled/i.test(nameOf(error));
}

export function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

function nameOf(error: unknown): string {
  const { name, message } = error as Error;
  const { cause } = error as { cause?: Error };
  return `${name} ${message} ${cause === undefined ? '' : nameOf(cause)}`;
}

/** `undefined` where there is just no such message. */
export function noMessage(error: unknown): undefined {
  const { code, message } = error as { code?: unknown; message: string };
  if (code === apiErrors.noMessage || /no message found|message not found|404/i.test(message)) return undefined;
  throw error;
}

/**
 * The client's own words, and what to do where these do not say.
 *
 * @param known what is wrong with the credentials, and whether the broker has let this side in at all
 */
export function explained(error: unknown, known: { trouble?: string | undefined; isIn?: boolean } = {}): string {
  const { trouble, isIn = true } = known;
  const said = error instanceof Error ? error.message : String(error);
  const name = nameOf(error);
  if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|CONNECTION_REFUSED/i.test(name))
    return `nothing answers there (${said}): is nats-server running?`;
  if (/jetstream.*not enabled|no responders|503/i.test(name))
    return `${said}: start nats-server with JetStream (-js), and make the streams or let this side make them`;
  if (trouble !== undefined) return `${said}: ${trouble}: renew the credentials (option connection)`;
  if (/permissions violation/i.test(name))
    return `${said}: its user may not do that (docs/security.md has what each side needs; mind the options name and manageStreams)`;
  if (/first certificate|self.signed certificate|issuer certificate/i.test(name))
    return `${said}: give the certificate of the authority that vouches for the broker (connection: { tls: { caFile } }, --tls-ca)`;
  if (/altnames/i.test(name)) return `${said}: give it by a name that its certificate has (option servers)`;
  if (/authorization|authentication/i.test(name)) return `${said}: check the credentials (option connection)`;
  // The client does not tell when it is shown the door before it has logged in.
  if (!isIn && /timeout/i.test(name))
    return `${said}: it does not answer, or does not take a connection without TLS, or without a certificate that it trusts`;
  return said;
}
