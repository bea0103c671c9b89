// An item with a row of one field, and a key of its own where it is a record.
export default { columns: ['n'], process: (item) => ({ n: typeof item === 'string' ? item : item.key }) };
