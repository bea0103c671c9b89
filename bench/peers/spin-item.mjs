// One item, as a pool's worker has it.
import { iterationsOf, job, spin } from './work.mjs';

export default (n) => ({ n, value: spin(iterationsOf(n, job), n) });
