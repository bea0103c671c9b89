// An example of a symbol and a date: five calls of 10 ms, four of which are the same for all dates of the symbol.
import { setTimeout as sleep } from 'node:timers/promises';

const DATES = 36;

export default {
  columns: ['symbol', 'date', 'sum'],
  async process(n, ctx) {
    const [symbol, date] = [Math.floor(n / DATES), n % DATES];
    let sum = 0;
    for (const what of ['prices', 'profile', 'earnings', 'dividends', `news ${date}`]) {
      const answer = await ctx.call({ key: [what, symbol] }, async () => {
        await sleep(10);
        return { what, symbol, value: (symbol * 31 + what.length) % 97 };
      });
      sum += answer.value;
    }
    return { symbol, date, sum };
  },
};
