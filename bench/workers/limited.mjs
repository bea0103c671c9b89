// An item that makes one request of a server that limits, when it may.
import { Agent, get } from 'node:http';

const agent = new Agent({ keepAlive: true });

export default {
  columns: ['n', 'status'],
  async process(n, ctx) {
    const permit = await ctx.permit();
    const status = await new Promise((resolve, reject) => {
      get(process.env.BENCH_URL, { agent }, (response) => response.resume().once('end', () => resolve(response.statusCode))).once(
        'error',
        reject,
      );
    });
    permit.settle();
    return { n, status };
  },
};
