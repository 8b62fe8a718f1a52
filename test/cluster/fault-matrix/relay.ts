/**
 * Between one party and the broker: passes everything on, message by message, and has a fault happen at the one that it aims at.
 *
 *   passing ──the message, `before`──► holding it and all behind it ──fault──► (what still has its connection goes on) passing
 *      └──the message, `after`──► passed on, then a PING: its answer says that the message was read ──► holding ──fault──► passing
 */

import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { type Frame, FrameReader } from './frames.js';
import { type Direction, isStep, StepNames } from './steps.js';

export interface Aim {
  /** Of the step, with its number: `> task #2`. */
  readonly step: string;
  /** Whether the message arrives. */
  readonly when: 'before' | 'after';
  /** Makes the fault; resolves once it is done. */
  fault(): Promise<void>;
}

const ping = Buffer.from('PING\r\n');

export class Relay {
  readonly #server: Server;
  readonly #brokerPort: number;
  readonly #links = new Set<Link>();
  #queue = '';
  #aim: Aim | undefined;
  #counts = new Map<string, number>();
  /** Every step so far, in order. */
  steps: string[] = [];
  /** Bodies of batches that the broker has confirmed. */
  confirmed: Buffer[] = [];
  isSilent = false;

  private constructor(server: Server, brokerPort: number) {
    this.#server = server;
    this.#brokerPort = brokerPort;
    server.on('connection', (client) => {
      const link = new Link(this, client, createConnection(this.#brokerPort, '127.0.0.1'), new StepNames(this.#queue));
      this.#links.add(link);
      link.onClose = () => this.#links.delete(link);
    });
  }

  static async start(brokerPort: number): Promise<Relay> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    return new Relay(server, brokerPort);
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Counts anew. */
  begin(queue: string, aim: Aim | undefined): void {
    this.cut();
    this.#queue = queue;
    this.aimAnew(aim);
    this.confirmed = [];
    this.isSilent = false;
  }

  /** As above, in the middle of a run. */
  aimAnew(aim: Aim | undefined): void {
    this.#aim = aim;
    this.#counts = new Map();
    this.steps = [];
  }

  get hasFired(): boolean {
    return this.#aim === undefined;
  }

  cut(): void {
    for (const link of this.#links) link.cut();
  }

  /** The aim, where this message is it; then it is no aim any more. */
  taken(name: string): Aim | undefined {
    const n = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, n);
    if (!isStep(name, n)) return undefined;
    const step = `${name} #${n}`;
    this.steps.push(step);
    if (this.#aim?.step !== step) return undefined;
    const aim = this.#aim;
    this.#aim = undefined;
    return aim;
  }

  stop(): void {
    this.cut();
    this.#server.close();
  }
}

/** One connection. */
class Link {
  readonly #relay: Relay;
  readonly #ends: Readonly<Record<Direction, Socket>>;
  readonly #names: StepNames;
  /** Which batch is stored with that request. */
  readonly #storing = new Map<string, Buffer>();
  /** How many answers to PINGs are still to come from there. */
  readonly #pongs: Record<Direction, number> = { '>': 0, '<': 0 };
  #held: [Direction, Frame][] | undefined;
  #awaited: { readonly from: Direction; left: number; read(): void } | undefined;
  #isClosed = false;
  onClose = (): void => {};

  constructor(relay: Relay, client: Socket, broker: Socket, names: StepNames) {
    this.#relay = relay;
    this.#names = names;
    this.#ends = { '>': broker, '<': client };
    broker.setNoDelay(true);
    for (const [direction, from] of [
      ['>', client],
      ['<', broker],
    ] as const) {
      const reader = new FrameReader();
      from.on('data', (chunk: Buffer) => {
        for (const frame of reader.read(chunk)) this.#arrived(direction, frame);
      });
      from.on('error', () => {});
      from.on('close', () => this.#close());
    }
  }

  /** As a cable that is pulled out and answered for: both ends are told at once. */
  cut(): void {
    for (const end of Object.values(this.#ends)) end.resetAndDestroy();
    this.#close();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const end of Object.values(this.#ends)) end.destroy();
    this.#awaited?.read();
    this.onClose();
  }

  #arrived(direction: Direction, frame: Frame): void {
    const awaited = this.#awaited;
    if (frame.op === 'PONG' && awaited?.from === direction) {
      awaited.left -= 1;
      if (awaited.left === 0) return awaited.read();
    }
    if (this.#held !== undefined || this.#relay.isSilent) {
      this.#held ??= [];
      this.#held.push([direction, frame]);
    } else this.#take(direction, frame);
  }

  #take(direction: Direction, frame: Frame): void {
    this.#note(frame);
    const name = this.#names.of(direction, frame);
    const aim = name === undefined ? undefined : this.#relay.taken(name);
    if (aim === undefined) return this.#pass(direction, frame);
    this.#held = [];
    const fire = (): void => {
      this.#awaited = undefined;
      void aim.fault().then(() => {
        // What still has its connection only waited.
        if (aim.when === 'before') this.#pass(direction, frame);
        this.#release();
      });
    };
    if (aim.when === 'before') return fire();
    this.#pass(direction, frame);
    const from = direction === '>' ? '<' : '>';
    this.#awaited = { from, left: this.#pongs[from] + 1, read: fire };
    this.#ends[direction].write(ping);
  }

  #pass(direction: Direction, frame: Frame): void {
    if (this.#isClosed) return;
    if (frame.op === 'PING') this.#pongs[direction === '>' ? '<' : '>'] += 1;
    if (frame.op === 'PONG') this.#pongs[direction] -= 1;
    this.#ends[direction].write(frame.bytes);
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const [direction, frame] of held) this.#arrived(direction, frame);
  }

  #note({ op, subject, reply, payload }: Frame): void {
    if (op === 'PUB' && /^cf\.[^.]+\.task\./.test(subject)) this.#storing.set(reply, payload);
    const batch = op === 'MSG' ? this.#storing.get(subject) : undefined;
    if (batch !== undefined && !payload.includes('"error"')) this.#relay.confirmed.push(batch);
  }
}
