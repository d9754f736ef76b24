import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Where `npm run native` builds, seen from the source tree and from dist/. */
const nativeFolders = ['../../native/', '../../../native/'].map((path) => new URL(path, import.meta.url));

/** Written by `npm run native` once the build has been tried. */
const stamp = 'node_modules/.abkd-native.json';

/**
 * The module to load: what `npm run native` built, which goes before what npm installed and serves under both names,
 * according to what its library can use; else the package of that name.
 * @param folders where a native build may be
 * @throws where there is neither
 */
export function findTfjsNode(name: 'tfjs-node' | 'tfjs-node-gpu', folders: readonly URL[] = nativeFolders): string {
  const native = folders.find((folder) => existsSync(new URL(stamp, folder)));
  const from = native === undefined ? import.meta.url : fileURLToPath(new URL('package.json', native));
  const specifier = native === undefined ? `@tensorflow/${name}` : '@tensorflow/tfjs-node';
  try {
    return createRequire(from).resolve(specifier);
  } catch (error) {
    throw new Error(`${specifier} is not installed`, { cause: error });
  }
}
