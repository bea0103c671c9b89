// An item that costs nothing and has no rows.
export default { columns: ['n'], process: () => undefined };
