// An item that keeps the CPU busy: how long, is in the environment, see peers/work.mjs.
import { iterationsOf, job, spin } from '../peers/work.mjs';

export default { columns: ['n', 'value'], process: (n) => ({ n, value: spin(iterationsOf(Number(n), job), Number(n)) }) };
