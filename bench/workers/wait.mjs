// An item that waits 50 ms for something elsewhere.
import { setTimeout as sleep } from 'node:timers/promises';

export default {
  columns: ['n'],
  async process(n) {
    await sleep(50);
    return { n };
  },
};
