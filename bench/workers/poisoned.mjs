// See peers/poisoned/item.mjs.
import { rowsOf } from '../peers/poisoned/item.mjs';

export default {
  columns: ['n', 'row', 'square'],
  async *process(item) {
    for await (const row of rowsOf(Number(item))) {
      const [n, number, square] = row.trim().split(',');
      yield { n, row: number, square };
    }
  },
};
