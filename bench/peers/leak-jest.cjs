// `workers/leak.mjs` for jest-worker; gives the most memory that its process has had.
const { setTimeout: sleep } = require('node:timers/promises');

const loaded = import('./leak.mjs');
exports.item = async (n) => {
  const { leak } = await loaded;
  leak(process.env.BENCH_LEAK, n);
  await sleep(20);
  return process.resourceUsage().maxRSS * 1024;
};
