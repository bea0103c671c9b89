#!/usr/bin/env node
// Plain JavaScript without static imports, so that an old Node prints this one line and not a syntax error.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  console.error(
    `shardyard needs Node 24.12 or newer; this is Node ${process.versions.node} (${process.execPath}). ` +
      'Install a newer one, or start it through npm (`npm run generate-parallel`), which brings its own.',
  );
  process.exit(2);
}
// V8 would double the room for young objects time and again: after thousands of batches the parent had 200 MB, of which it used 20.
const { setFlagsFromString } = await import('node:v8');
setFlagsFromString('--semi-space-growth-factor=1');
const { enableCompileCache } = await import('node:module');
enableCompileCache?.();
const { main } = await import('../dist/cli/main.js');
await main(process.argv.slice(2));
