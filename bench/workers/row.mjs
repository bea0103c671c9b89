// An item that costs nothing and has one small row.
export default { columns: ['n', 'square'], process: (n) => ({ n, square: Number(n) * Number(n) }) };
