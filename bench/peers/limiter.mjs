// The same calls from one process, through a limiter of somebody else's: limiter.mjs NAME RATE SECONDS PORT
import Bottleneck from 'bottleneck';
import { RateLimiterMemory, RateLimiterQueue } from 'rate-limiter-flexible';
import { caller } from '../workers/caller.mjs';

const [name, rate, seconds, port] = process.argv.slice(2);
const call = await caller(port);
const limits = {
  bottleneck() {
    const limiter = new Bottleneck({ minTime: 1000 / Number(rate), maxConcurrent: 64 });
    return () => limiter.schedule(call);
  },
  'rate-limiter-flexible'() {
    const queue = new RateLimiterQueue(new RateLimiterMemory({ points: Number(rate), duration: 1 }));
    return async () => {
      await queue.removeTokens(1);
      await call();
    };
  },
};
const limited = limits[name]();
const until = performance.now() + Number(seconds) * 1000;
await Promise.all(
  Array.from({ length: 64 }, async () => {
    while (performance.now() < until) await limited();
  }),
);
process.exit(0);
