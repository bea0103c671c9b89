// Reads all sheets of a workbook one after another with the reader of shardyard/xlsx, and does nothing with the rows but count them.
import { readSheet, sheetNames } from 'shardyard/xlsx';

const [file] = process.argv.slice(2);
let rows = 0;
for (const sheet of await sheetNames(file)) for await (const _ of readSheet(file, sheet, { headerRow: 3 })) rows++;
console.log(rows);
