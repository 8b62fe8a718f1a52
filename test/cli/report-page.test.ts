/// <reference lib="dom" />
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Browser, type Page, chromium as playwright } from 'playwright-core';
import { describe, it } from './bounded-test.js';
import { chromium } from './chromium.js';
import { futures, start, type TemporaryDirectory, temporaryDirectory } from './command.js';

const found = chromium();
const skip = 'hindrance' in found ? found.hindrance : false;

let launched: Promise<Browser> | undefined;
after(async () => {
  await (await launched)?.close();
});

interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** What the page has complained of, and what it has asked the network for. */
  readonly trouble: string[];
}

interface View {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** Opens a page from its file, as a user would. */
async function openPage(path: string, { width = 1280, colorScheme = 'light' }: View = {}): Promise<OpenPage> {
  const executablePath = 'path' in found ? found.path : '';
  // CI's user is root, for whom Chromium has no sandbox.
  launched ??= playwright.launch({ executablePath, args: ['--no-sandbox'] });
  const context = await (await launched).newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  const url = pathToFileURL(path).href;
  const trouble: string[] = [];
  page.on('console', (message) => trouble.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => trouble.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url() !== url) trouble.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, trouble, [Symbol.asyncDispose]: () => context.close() };
}

/** `{ failed: '2', … }`: the large numbers at the top. */
async function tiles(page: Page): Promise<Record<string, string>> {
  return await page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll('.tiles > div')].map((tile) => [
        tile.querySelector('dt')?.textContent ?? '',
        tile.querySelector('dd')?.textContent ?? '',
      ]),
    ),
  );
}

async function tipText(page: Page): Promise<string | null> {
  return (await page.locator('#tip').isVisible()) ? await page.locator('#tip').textContent() : null;
}

async function viewBox(page: Page): Promise<number[]> {
  return ((await page.locator('#timeline').getAttribute('viewBox')) ?? '').split(' ').map(Number);
}

/** Runs the command and gives the page's path. */
async function reported(directory: TemporaryDirectory, args: readonly string[], stdin = ''): Promise<string> {
  const path = join(directory.path, 'report.html');
  const { code, stderr } = await futures(['map', '--report', path, ...args], { stdin });
  assert.ok(code === 0 || code === 1, stderr);
  return path;
}

describe('the page of --report', () => {
  it('has the right numbers, a bar for each task, and nothing to complain of', { skip }, async () => {
    using directory = temporaryDirectory();
    const inputs = ['30', '20', '10', '-1', '25', '-2', '15', '5'];
    const path = await reported(directory, ['./report-tasks.mjs#rest', '--max-workers', '2', '--', ...inputs]);
    await using opened = await openPage(path);
    const { page, trouble } = opened;
    const shown = await tiles(page);
    assert.equal(shown['tasks done'], '8');
    assert.equal(shown['succeeded'], '6');
    assert.equal(shown['failed'], '2');
    assert.equal(await page.locator('h1').textContent(), './report-tasks.mjs#rest');
    assert.equal(await page.locator('.bar').count(), 8);
    assert.equal(await page.locator('.bar.bad').count(), 2);
    assert.equal(await page.locator('#together').count(), 0);
    const binned = await page.locator('.histogram + details tbody tr').evaluateAll((rows) =>
      rows.reduce((sum, row) => {
        const [, , ok, failed] = [...row.querySelectorAll('td')].map((cell) => Number(cell.textContent));
        return sum + (ok ?? 0) + (failed ?? 0);
      }, 0),
    );
    assert.equal(binned, 8);
    const failure = page.locator('.failure').first();
    assert.match((await failure.locator('summary').first().textContent()) ?? '', /2 × TypeError: time does not run/);
    assert.match(
      (await failure.locator('pre').first().textContent()) ?? '',
      /^at (async )?rest \(report-tasks\.mjs:10/,
    );
    assert.deepEqual((await failure.locator('.inputs li').allTextContents()).sort(), ['#3 -1', '#5 -2']);
    assert.match((await page.locator('.facts').textContent()) ?? '', /executorthread.*Node\d+\./s);
    assert.deepEqual(trouble, []);
  });

  it('never shows two tasks of a worker at the same time', { skip }, async () => {
    using directory = temporaryDirectory();
    const stdin = Array.from({ length: 2000 }, (_, index) => `${index}\n`).join('');
    const path = await reported(directory, ['./report-tasks.mjs#check', '-i', '-', '-w', '2'], stdin);
    await using opened = await openPage(path);
    const { bars, overlaps } = await opened.page.evaluate(() => {
      const lanes = [...document.querySelectorAll('#timeline g')].map((lane) =>
        [...lane.querySelectorAll('.bar')].map((bar) => {
          const [x, width] = ['x', 'width'].map((name) => Number(bar.getAttribute(name)));
          return { x: x as number, end: (x as number) + (width as number) };
        }),
      );
      // Coordinates are rounded to a tenth.
      const wrong = lanes.flatMap((lane) => lane.filter(({ x }, place) => x < (lane[place - 1]?.end ?? 0) - 0.2));
      return { bars: lanes.flat().length, overlaps: wrong.length };
    });
    assert.equal(bars, 2000);
    assert.equal(overlaps, 0);
  });

  it('tells of a task under the pointer, and of one that is reached by keys', { skip }, async () => {
    using directory = temporaryDirectory();
    const path = await reported(directory, ['./report-tasks.mjs#rest', '40', '30', '20', '-w', '1']);
    await using opened = await openPage(path);
    const { page, trouble } = opened;
    assert.equal(await tipText(page), null);
    await page.locator('.bar').nth(1).hover();
    assert.match((await tipText(page)) ?? '', /^#1 30\nsucceeded after .*\nfrom .* on, worker 0$/);
    await page.locator('h1').hover();
    assert.equal(await tipText(page), null);
    await page.locator('#timeline').focus();
    await page.keyboard.press('ArrowRight');
    assert.match((await tipText(page)) ?? '', /^#0 40\n/);
    await page.keyboard.press('End');
    assert.match((await tipText(page)) ?? '', /^#2 20\n/);
    await page.keyboard.press('Escape');
    assert.equal(await tipText(page), null);
    assert.deepEqual(trouble, []);
  });

  it('zooms into the timeline by keys, by buttons and by the wheel', { skip }, async () => {
    using directory = temporaryDirectory();
    const path = await reported(directory, ['./report-tasks.mjs#rest', '20', '20', '-w', '1']);
    await using opened = await openPage(path);
    const { page, trouble } = opened;
    const whole = await viewBox(page);
    const marks = await page.locator('.ticks b').allTextContents();
    await page.locator('#timeline').focus();
    await page.keyboard.press('+');
    const half = await viewBox(page);
    assert.equal(half[2], (whole[2] ?? 0) / 2);
    assert.notDeepEqual(await page.locator('.ticks b').allTextContents(), marks);
    await page.getByRole('button', { name: 'Zoom in' }).click();
    assert.equal((await viewBox(page))[2], (whole[2] ?? 0) / 4);
    await page.getByRole('button', { name: 'All' }).click();
    assert.deepEqual(await viewBox(page), whole);
    await page.locator('#timeline').hover();
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -200);
    await page.waitForFunction((width) => document.querySelector('svg')?.viewBox.baseVal.width !== width, whole[2]);
    await page.keyboard.up('Control');
    assert.ok(((await viewBox(page))[2] ?? 0) < (whole[2] ?? 0));
    assert.deepEqual(trouble, []);
  });

  it('shows an input that is HTML as the text that it is', { skip }, async () => {
    using directory = temporaryDirectory();
    const evil = [
      '</script><img src=x onerror="window.hacked=1">',
      'fail </script><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>',
      '"><svg onload="window.hacked=1"></svg>',
      "fail ' onpointermove='window.hacked=1' x='",
      '</style></title></svg><iframe srcdoc="<script>parent.hacked=1</script>">',
    ];
    const input = directory.write('evil.json', JSON.stringify(evil));
    const path = await reported(directory, ['./report-tasks.mjs#check', '--input', input, '-w', '1']);
    await using opened = await openPage(path);
    const { page, trouble } = opened;
    assert.equal((await tiles(page))['failed'], '2');
    assert.equal(await page.locator('.bar').count(), 5);
    assert.equal(await page.locator('img, iframe, svg svg').count(), 0);
    assert.equal(await page.locator('script').count(), 1);
    assert.ok((await page.locator('main').textContent())?.includes(`#0 ${evil[0]}`));
    await page.locator('#timeline').focus();
    for (let task = 0; task < 5; task += 1) {
      await page.keyboard.press('ArrowRight');
      assert.ok(await tipText(page));
    }
    await page.locator('.bar').first().hover({ force: true });
    assert.equal(await page.evaluate(() => 'hacked' in window), false);
    assert.deepEqual(trouble, []);
  });

  it('draws short tasks together when there are many, says so, and stays small', { skip }, async () => {
    using directory = temporaryDirectory();
    const count = 20_000;
    const stdin = Array.from({ length: count }, (_, index) => `${index % 1000 === 999 ? 'fail' : index}\n`).join('');
    const path = await reported(directory, ['./report-tasks.mjs#check', '-i', '-', '-w', '2'], stdin);
    await using opened = await openPage(path);
    const { page, trouble } = opened;
    const shown = await tiles(page);
    assert.equal(shown['tasks done'], '20,000');
    assert.equal(shown['failed'], '20');
    const drawn = await page.locator('#timeline rect').count();
    assert.ok(drawn > 0 && drawn < 10_000, `${drawn} rectangles`);
    const { bars, together } = await page.evaluate(() => ({
      bars: document.querySelectorAll('.bar').length,
      together: [...document.querySelectorAll('#timeline .many:not(.bad)')].reduce((sum, stretch) => {
        return sum + Number((stretch.getAttribute('data-t') ?? '0').split(' ')[0]?.replaceAll(',', ''));
      }, 0),
    }));
    assert.equal(bars + together, count);
    assert.match((await page.locator('#together').textContent()) ?? '', /drawn together/);
    await page.locator('#timeline .many').first().hover({ force: true });
    assert.match((await tipText(page)) ?? '', /short task|succeeded/);
    assert.deepEqual(trouble, []);
  });

  it('is readable in light and dark, wide and narrow', { skip }, async () => {
    using directory = temporaryDirectory();
    const inputs = Array.from({ length: 60 }, (_, index) => String(index % 9 === 4 ? -1 : (index * 7) % 40));
    const path = await reported(directory, ['./report-tasks.mjs#rest', '-w', '4', '--', ...inputs]);
    // For people: SCREENSHOTS=/tmp/x npm test -- test/cli/report-page.test.ts
    const folder = process.env['SCREENSHOTS'] ?? directory.path;
    mkdirSync(folder, { recursive: true });
    const backgrounds: string[] = [];
    for (const view of [{ colorScheme: 'light' }, { colorScheme: 'dark' }, { width: 360 }] as const) {
      await using opened = await openPage(path, view);
      const { page, trouble } = opened;
      const name = Object.values(view).join();
      const picture = await page.screenshot({ path: join(folder, `report-${name}.png`), fullPage: true });
      assert.deepEqual([...picture.subarray(1, 4)], [...Buffer.from('PNG')]);
      const { scrollWidth, clientWidth } = await page.evaluate(() => document.documentElement);
      assert.equal(scrollWidth, clientWidth, `${name}: nothing is cut off on the right`);
      backgrounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      assert.deepEqual(trouble, []);
    }
    assert.notEqual(backgrounds[0], backgrounds[1]);
    assert.equal(backgrounds[0], backgrounds[2]);
  });

  it('is a page also with one task, and with none', { skip }, async () => {
    using directory = temporaryDirectory();
    const one = await reported(directory, ['./report-tasks.mjs#check', 'x']);
    {
      await using opened = await openPage(one);
      assert.equal((await tiles(opened.page))['task done'], '1');
      assert.equal(await opened.page.locator('.bar').count(), 1);
      assert.deepEqual(opened.trouble, []);
    }
    const none = await reported(directory, ['./report-tasks.mjs#check', '--input', '-']);
    await using opened = await openPage(none);
    assert.equal((await tiles(opened.page))['tasks done'], '0');
    assert.match((await opened.page.locator('main').textContent()) ?? '', /No task was started/);
    assert.deepEqual(opened.trouble, []);
  });

  it('is written also when the run is interrupted, and says so', { skip }, async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'report.html');
    const running = start(['map', './report-tasks.mjs#check', '--input', '-', '-w', '1', '--report', path]);
    running.child.stdin?.write('one\ntwo\n');
    await running.seen('stdout', '"two"');
    running.child.kill('SIGINT');
    assert.equal((await running.ended).code, 130);
    await using opened = await openPage(path);
    assert.equal(await opened.page.locator('.state').textContent(), 'interrupted');
    assert.equal((await tiles(opened.page))['not started'], 'the rest');
    assert.equal(await opened.page.locator('.bar').count(), 2);
    assert.deepEqual(opened.trouble, []);
  });
});
