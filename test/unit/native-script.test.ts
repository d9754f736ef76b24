import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/native.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'abkd-native-'));
const processor = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const platform = process.platform === 'darwin' ? 'macosx_12_0_arm64' : `manylinux_2_27_${processor}`;

afterAll(() => rmSync(folder, { recursive: true }));

/** What the script says. Nothing is compiled here, so that any program that has `--version` passes for a compiler. */
function build(path: string, compiler = process.execPath): string {
  const args = [script, ...(path === '' ? [] : ['--libtensorflow', path])];
  const { status, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, CXX: compiler },
  });
  expect(status).toBe(1);
  return stderr;
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A zip archive with no entry. */
const emptyArchive = Uint8Array.from({ length: 22 }, (_, i) => [0x50, 0x4b, 5, 6][i] ?? 0);

// What the script refuses elsewhere.
describe.skipIf(process.platform === 'win32')('npm run native refuses, before it installs or unpacks anything,', () => {
  it('to start without a path', () => {
    expect(build('')).toMatch(/^Cannot build: --libtensorflow is missing, expected a path\n\nUsage:/);
  });

  it('to start without a compiler', () => {
    expect(build(folder, '/no/compiler')).toMatch(
      /^Cannot compile: no C\+\+ compiler answers to \/no\/compiler, expected/,
    );
  });

  it('a path that is not there, and a file that is no wheel', () => {
    expect(build(join(folder, 'absent'))).toMatch(/absent: no such file or folder/);
    expect(build(file('tensorflow.tgz', ''))).toMatch(/tensorflow.tgz: expected a folder or a .whl file/);
  });

  it('a folder without the library, and one without its headers', () => {
    expect(build(folder)).toMatch(/Cannot find TensorFlow's library in .*: expected libtensorflow_cc/);
    mkdirSync(join(folder, 'lib'));
    const libraries = process.platform === 'darwin' ? ['.2.dylib', '_framework.2.dylib'] : ['.so.2', '_framework.so.2'];
    for (const name of libraries) file(`lib/libtensorflow${name}`, '');
    expect(build(folder)).toMatch(/it has no include\/tensorflow\/c\/eager\/c_api.h, expected the headers/);
  });

  it('a wheel of another platform, one that is cut off, and one of another package', () => {
    expect(build(file('tensorflow-2.21.0-cp311-cp311-win_amd64.whl', emptyArchive))).toMatch(/it is for "win_amd64"/);
    expect(build(file(`cut-2.21.0-cp311-cp311-${platform}.whl`, 'PK'))).toMatch(/no zip archive, or cut off/);
    const other = file(`numpy-2.4.0-cp311-cp311-${platform}.whl`, emptyArchive);
    expect(build(other)).toMatch(/it holds no tensorflow\/libtensorflow_cc.* expected a wheel of TensorFlow/);
  });
});
