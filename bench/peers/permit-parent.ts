// A parent in a process of its own: `permit-parent.ts LAB '{"items":…}'`.
import { callThrough, type Calling } from '../support/calling.ts';

const [lab = '', calling = '{}'] = process.argv.slice(2);
// Written by the benchmark that started this.
await callThrough(lab, JSON.parse(calling) as Calling);
process.disconnect();
