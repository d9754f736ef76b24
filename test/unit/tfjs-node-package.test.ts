import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { findTfjsNode } from '../../worker/tf/tfjs-node-package.ts';

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function createFolder() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'abkd-native-')));
  folders.push(folder);
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  return {
    url: pathToFileURL(`${folder}/`),
    modules,
    stamp: () => writeFileSync(join(modules, '.abkd-native.json'), ''),
  };
}

it('findTfjsNode() takes a native build, under both names, once it has been tried', () => {
  const { url, modules, stamp } = createFolder();
  const entry = join(modules, '@tensorflow/tfjs-node/index.js');
  mkdirSync(join(modules, '@tensorflow/tfjs-node'), { recursive: true });
  writeFileSync(entry, '');
  expect(found(url)).not.toBe(entry);
  stamp();
  expect(found(url)).toBe(entry);
  expect(findTfjsNode('tfjs-node-gpu', [url])).toBe(entry);
});

it('findTfjsNode() names the package that is missing', () => {
  const { url, stamp } = createFolder();
  stamp();
  expect(() => findTfjsNode('tfjs-node-gpu', [url])).toThrow('@tensorflow/tfjs-node is not installed');
});

/** What is found beside a build that counts for nothing: npm may have installed the package, or not. */
function found(url: URL): string | undefined {
  try {
    return findTfjsNode('tfjs-node', [url]);
  } catch {
    return undefined;
  }
}
