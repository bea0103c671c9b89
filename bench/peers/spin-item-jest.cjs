// `spin-item.mjs` for jest-worker, which wants a module of CommonJS with named functions.
const work = import('./work.mjs');

exports.item = async (n) => {
  const { iterationsOf, job, spin } = await work;
  return { n, value: spin(iterationsOf(n, job), n) };
};
