// Imports nothing itself, so that each package is the first that asks for what it needs.

/** Milliseconds until the package is there. */
const importOf = (packageName, more) => ({
  id: packageName,
  label: `import '${packageName}'`,
  ...more,
  open: async () => ({
    async run() {
      const startedAt = performance.now();
      await import(packageName);
      return performance.now() - startedAt;
    },
  }),
});

export default {
  title: 'Cost of import',
  text: 'In 11 fresh processes. Less is better.',
  rows: [
    {
      id: 'import',
      title: 'Cost of import',
      unit: 'ms',
      isFresh: true,
      runs: 11,
      size: { full: {}, quick: {} },
      contenders: [
        importOf('concurrent-futures', { isOurs: true, goal: { atMost: 15 } }),
        importOf('piscina'),
        importOf('workerpool'),
        importOf('tinypool'),
        importOf('../nothing.mjs', { label: 'import of an empty file' }),
      ],
    },
  ],
};
