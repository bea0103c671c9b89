// An item that makes one call, when it may; some children block their loop 20 ms of every 100.
import { caller } from './caller.mjs';

export default {
  columns: ['n', 'waited'],
  async setup() {
    if (process.env.BENCH_BLOCK) {
      setInterval(() => {
        const until = performance.now() + 20;
        while (performance.now() < until);
      }, 100);
    }
    return { call: process.env.BENCH_PORT ? await caller(process.env.BENCH_PORT) : async () => undefined };
  },
  async process(n, ctx) {
    const permit = await ctx.permit();
    const isLimited = n === process.env.BENCH_LIMITED;
    await ctx.state.call(isLimited ? 'L' : 'x');
    permit.settle(isLimited ? { status: 429, headers: { 'Retry-After': '1' } } : { status: 200 });
    return { n, waited: permit.waitedMs };
  },
};
