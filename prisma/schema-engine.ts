import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaContainer, SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import { createEngineAdapter } from './engine-adapter.ts';

const engineModule = '@prisma/schema-engine-wasm/schema_engine_bg';

/**
 * Runs Prisma's schema engine on a database. It is the WebAssembly build, which npm delivers; the native one would be
 * downloaded. One connection only, because the engine relies on session state (its advisory lock).
 */
export async function withSchemaEngine<Result>(
  connectionString: string,
  schema: SchemaContainer,
  use: (engine: SchemaEngine) => Promise<Result>,
): Promise<Result> {
  const { SchemaEngine } = await loadEngine();
  const pool = new pg.Pool({ connectionString, max: 1, connectionTimeoutMillis: 10_000 });
  try {
    const adapter = bindMigrationAwareSqlAdapterFactory(createEngineAdapter(pool));
    using engine = await SchemaEngine.new({ datamodels: [[schema.path, schema.content]] }, ignoreEngineLog, adapter);
    return await use(engine);
  } finally {
    await pool.end();
  }
}

/** The engine's log repeats what its errors say. */
function ignoreEngineLog(): void {}

type EngineExports = typeof import('@prisma/schema-engine-wasm/schema_engine_bg');

/** The part of the wasm-bindgen glue that its declarations leave out. */
interface EngineGlue extends EngineExports {
  __wbg_set_wasm(exports: EngineInstance): void;
}

interface EngineInstance {
  __wbindgen_start(): void;
}

/** What is used of the WebAssembly namespace, which the types of Node 20 do not declare. */
interface WasmRuntime {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ readonly instance: { readonly exports: EngineInstance } }>;
}

let loaded: Promise<EngineExports> | undefined;

/** Node 20 cannot import .wasm, so the module is compiled here and handed to its glue, once per process. */
function loadEngine(): Promise<EngineExports> {
  loaded ??= instantiateEngine();
  return loaded;
}

/** The engine tells a panic to this global before it traps; without one, the telling fails and hides the reason. */
const panicRegistry = {
  set_message: (message: string): never => {
    throw new Error(`Cannot go on in Prisma's schema engine: ${message}`);
  },
};

async function instantiateEngine(): Promise<EngineExports> {
  const glue = (await import(engineModule)) as EngineGlue;
  const gluePath = createRequire(import.meta.url).resolve(engineModule);
  const bytes = await readFile(gluePath.replace(/\.js$/, '.wasm'));
  const runtime = (globalThis as unknown as { readonly WebAssembly: WasmRuntime }).WebAssembly;
  const { instance } = await runtime.instantiate(bytes, { './schema_engine_bg.js': importsOf(glue) });
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: panicRegistry });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return glue;
}

/**
 * The engine never clears the 10 s timer of its advisory lock, which would keep a process alive that has nothing left to
 * do; so its timers do not hold the process.
 */
function importsOf(glue: EngineGlue): object {
  const startTimer = (callback: () => void, ms: number) => setTimeout(callback, ms).unref();
  const timers = Object.keys(glue).filter((name) => name.startsWith('__wbg_setTimeout_'));
  return { ...glue, ...Object.fromEntries(timers.map((name) => [name, startTimer])) };
}
