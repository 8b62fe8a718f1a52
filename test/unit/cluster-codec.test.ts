/** What goes through the broker is read as it was written, byte for byte what JSON makes of it where JSON keeps it. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { decode, encodeJson } from '../../src/cluster/codec.js';
import { type BatchNews, encodeBatch, encodeNews, type TaskBatch } from '../../src/cluster/messages.js';

const kept = [
  ...[0, -1, 0.1, 1e300, 5e-324, Number.MAX_SAFE_INTEGER, true, false, null],
  ...[
    '',
    'plain',
    '"',
    '\\',
    "'",
    '`',
    '\n',
    '\u0000',
    '\u001f',
    '\u007f',
    'é',
    '日本',
    '😀',
    '\ud800',
    '\u2028',
    '</script>',
  ],
  ...['x'.repeat(64), 'x'.repeat(65), '"'.repeat(64)],
];
const others = [
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  undefined,
  1n,
  new Date(0),
  { a: undefined },
  [1],
  new Map([[1, 2]]),
];

const batchOf = (values: readonly unknown[], name: string | readonly string[] = 'task'): TaskBatch => ({
  version: 1,
  issuedAt: 1_796_000_000_000,
  groups: [['0123456789abcdef', name, 1, false, 1, values.length, values, null, null]],
});
const newsOf = (values: readonly unknown[], worker = 'worker'): BatchNews => ({
  version: 1,
  worker,
  tasks: [['task', values.length]],
  news: [['done', 0, values, values.map(() => 0.012)]],
});

test('a batch, and news of it, are what JSON makes of them', () => {
  for (const value of kept) {
    const name = String(value);
    for (const values of [[value], [value, 'and another'], []]) {
      for (const batch of [
        batchOf(values),
        batchOf(values, name),
        batchOf(values, [name]),
        batchOf(values, [name, 'b']),
      ])
        assert.deepEqual(encodeBatch(batch), encodeJson(JSON.stringify(batch)));
      for (const news of [newsOf(values), newsOf(values, name)])
        assert.deepEqual(encodeNews(news), encodeJson(JSON.stringify(news)));
    }
  }
});

test('so are several groups, limits, and all other news', () => {
  const [group] = batchOf([1]).groups;
  assert.ok(group !== undefined);
  const batch: TaskBatch = { ...batchOf([]), groups: [group, ['f', 'b', 2, true, 3, 0, [], 1500, null]] };
  assert.deepEqual(encodeBatch(batch), encodeJson(JSON.stringify(batch)));
  const news: BatchNews = {
    ...newsOf(['a']),
    news: [
      ['done', 0, ['a'], [1]],
      ['cancelled', 1],
      ['started', 2, 1_796_000_000_000],
      ['report', 3, 'half "done"'],
      ['refused', 'UNSIGNED', 'it is not signed'],
    ],
  };
  assert.deepEqual(encodeNews(news), encodeJson(JSON.stringify(news)));
  const { tasks: _, ...later } = news;
  assert.deepEqual(encodeNews(later), encodeJson(JSON.stringify(later)));
  assert.deepEqual(encodeNews({ ...later, news: [] }), encodeJson(JSON.stringify({ ...later, news: [] })));
});

test('what JSON would change is read as it was', () => {
  for (const value of others)
    for (const values of [[value], ['first', value]]) {
      assert.deepStrictEqual(decode(encodeBatch(batchOf(values))), batchOf(values));
      assert.deepStrictEqual(decode(encodeNews(newsOf(values))), newsOf(values));
    }
  const inContext = batchOf([1]).groups.map((group) => group.with(8, { user: 'a' }) as unknown as typeof group);
  assert.deepStrictEqual(decode(encodeBatch({ ...batchOf([1]), groups: inContext })), {
    ...batchOf([1]),
    groups: inContext,
  });
});
