// Reads all sheets of a workbook as a stream with exceljs, and does nothing with the rows but count them.

// Not a dependency: whoever wants to compare installs it without saving.
const library = 'exceljs';
const { default: exceljs } = await import(library);

const [file] = process.argv.slice(2);
let rows = 0;
const reader = new exceljs.stream.xlsx.WorkbookReader(file, {
  sharedStrings: 'cache',
  styles: 'cache',
  worksheets: 'emit',
  hyperlinks: 'ignore',
});
for await (const sheet of reader) for await (const row of sheet) if (row.number > 3 && row.values.length > 0) rows++;
console.log(rows);
