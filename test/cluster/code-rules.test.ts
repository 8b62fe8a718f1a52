/** Which code a worker runs: that of its own machine, the same as the submitter's, and only what it allows. */

import { equal, match } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { jetstreamManager } from '@nats-io/jetstream';
import { encode } from '../../src/cluster/codec.js';
import { sealFor } from '../../src/cluster/seal.js';
import { Guarded, refusal, secret } from './guarded.js';
import { startServer, type TestServer } from './nats-server.js';

describe('code', { timeout: 60_000 }, () => {
  let server: TestServer;
  let folder: string;
  before(async () => {
    server = await startServer();
    folder = mkdtempSync(join(tmpdir(), 'code-rules-'));
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  /** A machine's copy of package `shop`, as those files. */
  function shop(machine: string, files: Readonly<Record<string, string>>): string {
    const root = join(folder, machine, 'shop');
    write(root, { 'package.json': '{ "name": "shop", "type": "module" }', ...files });
    return root;
  }

  function write(root: string, files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(root, name, '..'), { recursive: true });
      writeFileSync(join(root, name), text);
    }
  }

  async function imported(root: string, name: string): Promise<(...args: number[]) => number> {
    const module = (await import(pathToFileURL(join(root, name)).href)) as { price: (...args: number[]) => number };
    return module.price;
  }

  const price = (factor: number): string => `export const price = (x) => x * ${factor};\n`;

  test('a function of a package runs where the same code is, wherever that stands', async () => {
    const here = shop('here', {
      'price.js': `import { vat } from './vat.js';\nexport const price = (x) => x * vat;\n`,
      'vat.js': 'export const vat = 2;\n',
    });
    const there = shop('there', {
      'price.js': `import { vat } from './vat.js';\nexport const price = (x) => x * vat;\n`,
      'vat.js': 'export const vat = 2;\n',
    });
    await using guarded = await Guarded.start(server, { key: secret, root: there });
    equal(await guarded.submitter().submit(await imported(here, 'price.js'), 21), 42);
  });

  test('code that differs there, or in what it imports, is refused', async () => {
    const text = `import { vat } from './vat.js';\nexport const price = (x) => x * vat;\n`;
    const here = shop('mine', { 'price.js': text, 'vat.js': 'export const vat = 2;\n', 'other.js': price(1) });
    const there = shop('differs', { 'price.js': text, 'vat.js': 'export const vat = 3;\n', 'other.js': price(5) });
    await using guarded = await Guarded.start(server, { key: secret, root: there });
    for (const file of ['price.js', 'other.js']) {
      const task = await imported(here, file);
      await guarded.refuses('CODE_DIFFERS', async () => {
        const error = await refusal(guarded.submitter().submit(task, 1), 'CODE_DIFFERS');
        match(error.message, /differs\/shop\/.*not the one that the submitter has: install the same version/);
      });
    }
  });

  test('code that was changed while its worker lives is refused, until the worker is started anew', async () => {
    const imports = `import { vat } from './vat.js';\nexport const price = (x) => x * vat;\n`;
    const vat = (factor: number): string => `export const vat = ${factor};\n`;
    const here = shop('changes-here', { 'price.js': imports, 'vat.js': vat(2) });
    const there = shop('changes-there', { 'price.js': imports, 'vat.js': vat(2) });
    const newer = shop('changes-later', { 'price.js': imports, 'vat.js': vat(3) });
    const [before, after] = [await imported(here, 'price.js'), await imported(newer, 'price.js')];
    {
      await using guarded = await Guarded.start(server, { key: secret, root: there });
      const executor = guarded.submitter();
      await guarded.refuses('CODE_DIFFERS', () => refusal(executor.submit(after, 1), 'CODE_DIFFERS'));
      equal(await executor.submit(before, 1), 2);
      write(there, { 'vat.js': vat(3) });
      const changed = /vat\.js was changed after this worker had run functions of it: start the worker anew/;
      match((await refusal(executor.submit(after, 1), 'CODE_DIFFERS')).message, changed);
      // Known functions are looked after, too, though not with each task.
      const until = performance.now() + 10_000;
      let refused: Error | undefined;
      while (refused === undefined && performance.now() < until)
        refused = await executor.submit(before, 1).then(
          () => undefined,
          (error: unknown) => error as Error,
        );
      match(String(refused), changed);
      // The same as before, whenever it was written.
      write(there, { 'vat.js': vat(2) });
      equal(await executor.submit(before, 1), 2);
      write(there, { 'vat.js': vat(3) });
    }
    await using guarded = await Guarded.start(server, { key: secret, root: there });
    equal(await guarded.submitter().submit(after, 1), 3);
  });

  test('a module, or a package, that is not there is refused', async () => {
    const here = shop('whole', { 'price.js': price(2), 'sub/price.js': price(2) });
    const there = shop('lacks', {});
    const elsewhere = join(folder, 'elsewhere');
    write(elsewhere, { 'package.json': '{ "name": "another" }' });
    for (const [root, why] of [
      [there, /price\.js of package "shop" is not on this worker: it is not in .*lacks/],
      [elsewhere, /no such package is at .*elsewhere/],
    ] as const) {
      await using guarded = await Guarded.start(server, { key: secret, root });
      for (const file of ['price.js', 'sub/price.js']) {
        const task = await imported(here, file);
        await guarded.refuses('CODE_NOT_FOUND', async () => {
          match((await refusal(guarded.submitter().submit(task, 1), 'CODE_NOT_FOUND')).message, why);
        });
      }
    }
  });

  test('only modules that a worker allows are run, and no text', async () => {
    const files = { 'price.js': price(2), 'open/price.js': price(3), 'opener.js': price(4) };
    const here = shop('allows', files);
    const there = shop('allowed', files);
    await using guarded = await Guarded.start(server, {
      key: secret,
      root: there,
      allowedModules: ['shop/open', 'shop/open.js'],
    });
    const executor = guarded.submitter();
    const allowed = await imported(here, 'open/price.js');
    equal(await executor.submit(allowed, 2), 6);
    const captured = 1;
    const others: (() => Promise<unknown>)[] = [
      async () => executor.submit(await imported(here, 'price.js'), 1),
      async () => executor.submit(await imported(here, 'opener.js'), 1),
      async () => executor.submit(() => captured),
      async () => executor.submit(Math.max, 1),
    ];
    for (const [i, submit] of others.entries()) {
      const from = guarded.entries.length;
      match(
        (await refusal(submit(), 'MODULE_NOT_ALLOWED')).message,
        i < 2 ? /--allow-module shop\/(price|opener)\.js/ : /came as text or is built in/,
      );
      equal((await guarded.said('refused', from))['reason'], 'MODULE_NOT_ALLOWED');
      equal(await executor.submit(allowed, i), 3 * i);
    }
  });

  test('a whole package may be allowed', async () => {
    const files = { 'price.js': price(2) };
    const here = shop('package-here', files);
    await using guarded = await Guarded.start(server, {
      key: secret,
      root: shop('package-there', files),
      allowedModules: ['shop'],
    });
    equal(await guarded.submitter().submit(await imported(here, 'price.js'), 2), 4);
  });

  test('an address that leads out of its package is refused, also by who has the key', async () => {
    const there = shop('victim', { 'price.js': price(2), 'inner/price.js': price(2) });
    write(join(folder, 'victim'), { 'secret.js': price(666), 'package.json': '{}' });
    write(join(there, 'node_modules/friend'), { 'package.json': '{ "name": "friend" }', 'price.js': price(3) });
    const up = pathToFileURL(join(folder, 'victim/secret.js')).href;
    for (const allowedModules of [undefined, ['shop', 'friend', '', '..', 'file:']]) {
      await using guarded = await Guarded.start(server, {
        key: secret,
        root: there,
        ...(allowedModules && { allowedModules }),
      });
      const seal = sealFor(secret);
      let sent = 0;
      const send = async (url: string, name = 'price'): Promise<void> => {
        sent += 1;
        const portable = { kind: 'reference', url, name };
        const bytes = encode({ name: 'price', portable, units: [], places: [], modules: [] }, false);
        const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
        const code = guarded.subject('code', digest, seal.signer);
        await guarded.send(code, seal.close(code, bytes));
        const task = guarded.subject('task', 'insider', `leads-out-${sent}`);
        const groups = [[digest, 'price', 1, false, 1, 1, [1], null, null]];
        await guarded.send(
          task,
          seal.close(task, encode({ version: 1, issuedAt: Date.now(), groups }, true)),
          `leads-out-${sent}`,
        );
      };
      const cases: [reason: string, url: string][] = [
        ...[
          'cf-package:shop/../secret.js',
          'cf-package:shop/inner/../../secret.js',
          'cf-package:shop/%2e%2e/secret.js',
        ].map((url): [string, string] => ['MALFORMED', url]),
        ...['cf-package:shop/inner%2F..%2F..%2Fsecret.js', 'cf-package:shop/inner%5C..%5C..%5Csecret.js'].map(
          (url): [string, string] => ['MALFORMED', url],
        ),
        ...[
          'cf-package:..%2F../secret.js',
          'cf-package:friend%2F..%2F..%2F../secret.js',
          'cf-package:..%2Fvictim/secret.js',
          'cf-package:%2F/etc/passwd',
        ].map((url): [string, string] => ['MALFORMED', url]),
        ...['cf-package:shop/%', 'cf-package:%E0%A4%A/price.js', 'cf-package:shop/price.js%00'].map(
          (url): [string, string] => ['MALFORMED', url],
        ),
        [allowedModules === undefined ? 'MALFORMED' : 'MODULE_NOT_ALLOWED', up],
        ['CODE_NOT_FOUND', 'cf-package:friend/secret.js'],
      ];
      if (allowedModules !== undefined)
        cases.push(
          ['MODULE_NOT_ALLOWED', 'data:text/javascript,export const price = () => 666'],
          ['MODULE_NOT_ALLOWED', 'node:child_process'],
        );
      for (const [reason, url] of cases) {
        const from = guarded.entries.length;
        await send(url);
        const entry = await guarded.said('refused', from);
        equal(entry['reason'], reason, `${url}: ${entry.message}`);
        equal(guarded.worker.status().done, 0, url);
      }
      if (allowedModules === undefined) continue;
      const from = guarded.entries.length;
      await send('cf-package:shop/price.js', 'constructor');
      equal((await guarded.said('refused', from))['reason'], 'MODULE_NOT_ALLOWED');
    }
  });

  test('what is stored as a function and is none is refused', async () => {
    await using guarded = await Guarded.start(server);
    const seal = sealFor(secret);
    const bodies: unknown[] = [
      null,
      7,
      {},
      { name: 'x', portable: null, units: [], places: [], modules: [] },
      { name: 'x', portable: { kind: 'value' }, units: 3, places: [], modules: [] },
    ];
    for (const [i, body] of bodies.entries()) {
      const bytes = encode(body, false);
      const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
      const code = guarded.subject('code', digest, seal.signer);
      const task = guarded.subject('task', 'insider', `none-${i}`);
      const groups = [[digest, 'none', 1, false, 1, 0, [], null, null]];
      await guarded.send(code, seal.close(code, bytes));
      await guarded.refuses('MALFORMED', () =>
        guarded.send(task, seal.close(task, encode({ version: 1, issuedAt: Date.now(), groups }, true)), `none-${i}`),
      );
    }
    // Another function under a digest than its own.
    const [digest, bytes] = ['a'.repeat(32), encode({}, false)];
    const code = guarded.subject('code', digest, seal.signer);
    const task = guarded.subject('task', 'insider', 'swapped');
    await guarded.send(code, seal.close(code, bytes));
    const groups = [[digest, 'none', 1, false, 1, 0, [], null, null]];
    await guarded.refuses('MALFORMED', () =>
      guarded.send(task, seal.close(task, encode({ version: 1, issuedAt: Date.now(), groups }, true)), 'swapped'),
    );
  });

  test('a task that no worker can open is refused after so many tries', async () => {
    await using guarded = await Guarded.start(server);
    const executor = guarded.submitter();
    const double = (x: number): number => x * 2;
    equal(await executor.submit(double, 1), 2);
    await guarded.worker.drain();
    // The submitter has stored its function, and relies on that.
    await (await jetstreamManager(guarded.stranger)).streams.delete(`CF_${guarded.queue}_CODE`);
    await guarded.addWorker({ key: secret, manageStreams: false, maxDeliveries: 1 });
    const error = await refusal(executor.submit(double, 1), 'TOO_MANY_DELIVERIES');
    match(error.message, /could not be opened by 2 workers in turn \(maxDeliveries\): /);
  });
});
