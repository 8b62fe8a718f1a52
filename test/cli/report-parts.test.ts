import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { failureTitle, userFrames } from '../../src/cli/failure-title.js';
import { SessionReader } from '../../src/cli/journal/sessions.js';
import type { TaskRecord } from '../../src/cli/records.js';
import { html } from '../../src/cli/report/html.js';
import { Latencies } from '../../src/cli/report/latencies.js';
import { layOut } from '../../src/cli/report/spans.js';
import { ticks } from '../../src/cli/report/ticks.js';
import { TimeAxis } from '../../src/cli/report/time-axis.js';
import { Timeline } from '../../src/cli/report/timeline.js';

function record(index: number, ms: number, endedAt: number, more: Partial<TaskRecord> = {}): TaskRecord {
  const ok = { status: 'ok', value: null } as const;
  return {
    index,
    input: index,
    attempts: 1,
    worker: 'ThreadPoolExecutor-1_0',
    ms,
    endedAt,
    ...ok,
    ...more,
  } as TaskRecord;
}

const alwaysOn = [{ startedAt: 0, endedAt: Number.POSITIVE_INFINITY }];

describe('layOut', () => {
  it('leaves no overlap, keeps the order, and never begins before the floor', () => {
    const span = fc.record({
      endMs: fc.double({ min: 0, max: 100, noNaN: true }),
      ms: fc.double({ min: 0, max: 30, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 40 }), (drawn) => {
        const spans = drawn
          .sort((one, other) => one.endMs - other.endMs)
          .map(({ endMs, ms }) => ({ startMs: endMs - ms, endMs }));
        layOut(spans, 0);
        let lastMs = 0;
        for (const { startMs, endMs } of spans) {
          assert.ok(startMs >= lastMs && endMs >= startMs, JSON.stringify(spans));
          lastMs = endMs;
        }
      }),
      {
        examples: [
          [
            [
              { endMs: 1.5827500554408583e-240, ms: 1.2157203917787007e-47 },
              { endMs: 1.7330030121436783e-50, ms: 2.133755103340105e-295 },
            ],
          ],
        ],
      },
    );
  });

  it('puts tasks that were seen together one before the other', () => {
    const spans = [5, 5, 5].map((endMs) => ({ startMs: endMs - 1, endMs }));
    layOut(spans, 0);
    assert.deepEqual(
      spans.map(({ startMs }) => startMs),
      [2, 3, 4],
    );
  });
});

describe('the time of a run', () => {
  it('leaves out what lies between its sessions', () => {
    const reader = new SessionReader();
    for (const line of [
      { journal: 1, startedAt: 1000 },
      { index: 0, endedAt: 1400 },
      { resumedAt: 90_000 },
      { index: 1, endedAt: 90_100 },
    ])
      reader.read(line);
    const axis = new TimeAxis(reader.sessions());
    assert.deepEqual(
      [500, 1000, 1400, 50_000, 90_000, 90_100].map((time) => axis.at(time)),
      [0, 0, 400, 400, 400, 500],
    );
    assert.deepEqual(axis.pauses(), [{ atMs: 400, lengthMs: 88_600 }]);
  });
});

describe('the timeline', () => {
  it('has each task once, by itself or together with others, however many there are', () => {
    const task = fc.record({ ms: fc.double({ min: 0, max: 50, noNaN: true }), lane: fc.nat(3), failed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(task, { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (tasks, barsMax) => {
        const timeline = new Timeline(new TimeAxis(alwaysOn), barsMax);
        let now = 0;
        for (const [index, { ms, lane, failed }] of tasks.entries()) {
          now += ms;
          const worker = `ThreadPoolExecutor-1_${lane}`;
          timeline.take(
            record(
              index,
              ms,
              now,
              failed ? { worker, status: 'failed', error: { name: 'E', message: '' } } : { worker },
            ),
          );
        }
        const { lanes, together, endMs } = timeline.view();
        const bars = lanes.flatMap((lane) => lane.bars);
        const stretches = lanes.flatMap((lane) => lane.stretches);
        const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
        assert.ok(bars.length <= barsMax);
        assert.equal(bars.length + together, tasks.length);
        assert.equal(sum(stretches.map(({ tasks: count }) => count)), together);
        const failures =
          bars.filter(({ status }) => status === 'failed').length + sum(stretches.map(({ failed }) => failed));
        assert.equal(failures, tasks.filter(({ failed }) => failed).length);
        for (const { busy } of stretches) assert.ok(busy >= 0 && busy <= 1 + 1e-9);
        const shownMs =
          sum(bars.map(({ ms }) => ms)) + sum(stretches.map(({ busy, startMs, endMs: to }) => busy * (to - startMs)));
        assert.ok(Math.abs(shownMs - sum(tasks.map(({ ms }) => ms))) < 1e-6 * (1 + endMs), 'no time is lost');
      }),
    );
  });

  it('has room for a long run', () => {
    const timeline = new Timeline(new TimeAxis(alwaysOn), 10);
    for (let index = 0; index < 1000; index += 1) timeline.take(record(index, 1, index * 100_000 + 1));
    const { lanes } = timeline.view();
    assert.ok((lanes[0]?.stretches.length ?? 0) <= 1024);
  });
});

describe('the latencies', () => {
  it('are each in the bin that has room for them', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.001, max: 1e9, noNaN: true }), { minLength: 1 }), (times) => {
        const latencies = new Latencies();
        for (const [index, ms] of times.entries()) latencies.take(record(index, ms, 0));
        const bins = latencies.bins();
        assert.ok(bins.length <= 60);
        assert.equal(
          bins.reduce((sum, { ok, failed }) => sum + ok + failed, 0),
          times.length,
        );
        assert.ok((bins[0]?.fromMs ?? 0) <= Math.min(...times) * (1 + 1e-9));
        assert.ok((bins.at(-1)?.toMs ?? 0) >= Math.max(...times) * (1 - 1e-9));
      }),
    );
  });
});

describe('ticks', () => {
  it('are few, in order, within, and each has a label of its own', () => {
    const range = fc.record({
      fromMs: fc.double({ min: 0, max: 1e8, noNaN: true }),
      widthMs: fc.double({ min: 0.01, max: 1e9, noNaN: true }),
    });
    fc.assert(
      fc.property(range, fc.integer({ min: 2, max: 8 }), ({ fromMs, widthMs }, max) => {
        fc.pre(widthMs > fromMs * 1e-5);
        const marks = ticks(fromMs, fromMs + widthMs, max);
        assert.ok(marks.length <= max + 1);
        assert.equal(new Set(marks.map(({ label }) => label)).size, marks.length, JSON.stringify(marks));
        for (const { ms } of marks) assert.ok(ms >= fromMs - widthMs * 1e-9 && ms <= fromMs + widthMs);
      }),
    );
  });

  it('have the labels that people expect', () => {
    const labels = (fromMs: number, toMs: number): string[] => ticks(fromMs, toMs, 6).map(({ label }) => label);
    assert.deepEqual(labels(0, 10), ['0', '2 ms', '4 ms', '6 ms', '8 ms']);
    assert.deepEqual(labels(0, 2600), ['0', '500 ms', '1.0 s', '1.5 s', '2.0 s']);
    assert.deepEqual(labels(0, 130_000), ['0', '30 s', '1:00', '1:30', '2:00']);
    assert.deepEqual(labels(0, 4 * 3_600_000), ['0', '1:00:00', '2:00:00', '3:00:00']);
  });
});

describe('html', () => {
  it('lets no text become more than text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', 'a', '\0', '/') }), (text) => {
        const made = html`<p title="${text}">${[text, html`<b>${text}</b>`]}</p>`.text;
        const rest = made.replace('<p title="', '').replace('">', '').replace('<b>', '').replace('</b></p>', '');
        assert.doesNotMatch(rest, /[<>"'\0]/);
      }),
    );
  });
});

describe('what failures are grouped by', () => {
  const label = '#12 a "quoted" name.jpg';

  it('is the same for every task that the library tells of', () => {
    const messages = [
      [
        `task "${label}" ran longer than its timeout of 200 ms and was stopped (attempt 1, worker ThreadPoolExecutor-2_0)`,
        'TIMEOUT',
      ],
      [`worker ProcessPoolExecutor-1_11 exited with code 3 while it ran task "${label}" (attempt 2)`, 'WORKER_LOST'],
      [`task "${label}" was cancelled`, 'CANCELLED'],
    ] as const;
    assert.deepEqual(
      messages.map(([message, code]) => failureTitle({ name: 'E', message, code }, label)),
      [
        'E: the task ran longer than its timeout of 200 ms and was stopped',
        'E: a worker exited with code 3 while it ran the task',
        'E: the task was cancelled',
      ],
    );
  });

  it("leaves a user's own message as it is", () => {
    const message = `task "${label}" of worker a_1 (attempt 3)\nand more`;
    assert.equal(failureTitle({ name: 'Error', message }, label), `Error: ${message.split('\n')[0]}`);
  });

  it('comes with the frames of the stack that are of use', () => {
    const stack = [
      'RangeError: at home',
      '    at resize (file:///work/photos/resize.js:3:9)',
      '    at async Promise.all (index 0)',
      '    at /elsewhere/lib.js:10:2',
      '    at node:internal/process/task_queues:95:5',
      '    at run (concurrent-futures:worker:1:2000)',
      '    at x (file:///work/node_modules/concurrent-futures/dist/cli/main.js:1:1)',
    ].join('\n');
    assert.deepEqual(userFrames(stack, '/work/photos'), [
      'at resize (resize.js:3:9)',
      'at async Promise.all (index 0)',
      'at /elsewhere/lib.js:10:2',
    ]);
    assert.equal(userFrames(stack, '/work/photos', 1).length, 1);
    assert.deepEqual(userFrames(undefined, '/'), []);
  });
});
