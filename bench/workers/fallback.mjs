// An item that makes one call of an API that limits, with a fallback that nobody should see.
export default {
  columns: ['n', 'ok'],
  async process(n, { call }) {
    const { ok } = await call({ fallback: () => ({ ok: false }) }, async ({ fetch }) => (await fetch(process.env.BENCH_URL)).json());
    return { n, ok };
  },
};
