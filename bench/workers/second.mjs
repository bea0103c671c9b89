import { setTimeout as sleep } from 'node:timers/promises';

/** Items that take a second each. */
export default {
  columns: ['item'],
  async process(item) {
    await sleep(1000);
    return { item };
  },
};
