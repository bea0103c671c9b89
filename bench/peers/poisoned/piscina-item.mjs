import { rowsOf } from './item.mjs';

export default (n) => Array.fromAsync(rowsOf(n));
