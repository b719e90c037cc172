/**
 * Writes a Brotli twin beside each text file of the build, and `build.json`: the SHA-256 and sizes of every file,
 * which the server checks for and publishes.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const DIST = new URL('../dist', import.meta.url).pathname;
const TEXT = /\.(?:html|js|css|svg|json|webmanifest|wasm|txt)$/;

/** @param {string} folder @returns {string[]} */
export function files(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}

/** Above this size the last levels cost minutes for a few percent. */
const THOROUGH_BYTES_MAX = 2_000_000;

/** Bytes after Brotli as the server sends them. @param {Buffer} bytes */
export function compressed(bytes) {
  const quality = bytes.length > THOROUGH_BYTES_MAX ? 9 : 11;
  return brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const list = {};
  for (const path of files(DIST)) {
    if (path.endsWith('.br') || path.endsWith('build.json')) continue;
    const bytes = readFileSync(path);
    const name = relative(DIST, path).split(sep).join('/');
    list[name] = { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
    if (!TEXT.test(path)) continue;
    const small = compressed(bytes);
    if (small.length >= bytes.length) continue;
    writeFileSync(`${path}.br`, small);
    list[name].br = small.length;
  }
  writeFileSync(join(DIST, 'build.json'), `${JSON.stringify({ format: 1, files: list }, null, 1)}\n`);
  const total = Object.keys(list).reduce((sum, name) => sum + statSync(join(DIST, name)).size, 0);
  console.log(`precompress: ${Object.keys(list).length} files, ${(total / 1000).toFixed(0)} KB`);
}
