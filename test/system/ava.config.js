export default {
  files: ['test/system/**/*.test.ts'],
  extensions: { ts: 'module' },
  timeout: '15m',
  concurrency: 1,
};
