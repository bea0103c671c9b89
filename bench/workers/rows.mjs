// One item makes BENCH_ROWS rows of about 50 bytes of CSV: prices of a day, as a back-test writes them.
const count = Number(process.env.BENCH_ROWS);

export default {
  columns: ['symbol', 'date', 'open', 'close', 'volume'],
  *process(item) {
    const first = Number(item) * 37;
    for (let n = 0; n < count; n++) {
      yield {
        symbol: `SYM${(first + n) % 4000}`,
        date: `20${10 + (n % 15)}-0${1 + (n % 9)}-1${n % 10}`,
        open: ((n * 7919) % 1_000_000) / 100,
        close: ((n * 104_729) % 1_000_000) / 100,
        volume: (n * 13) % 10_000_019,
      };
    }
  },
};
