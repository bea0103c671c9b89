// `noop.mjs` in TypeScript: Node strips the types when the child imports it.
interface Row {
  readonly n: number;
}

export default { columns: ['n'], process: (_item: string): Row | undefined => undefined };
