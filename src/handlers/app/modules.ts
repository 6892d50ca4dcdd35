// The module loader of an app folder: loads TypeScript directly, each file once, so that elements share their imports.
import { readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { createJiti, type ModuleCache } from 'jiti';
import { asError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { ElementProblem } from './files.ts';
import { loadingStorage } from '../running/run-context.ts';

export type Module = Readonly<Record<string, unknown>>;

/** The modules of one load of a folder. Files are loaded one at a time: await each `load` before the next. */
export class AppModules {
  readonly #folder: string;
  readonly #timeoutMs: number;
  readonly #logger: Logger;
  readonly #jiti: ReturnType<typeof createJiti>;
  /** Private to this load, so that the next one reads every file again. */
  readonly #cache: ModuleCache = Object.create(null);
  /** Problems by file, so that a failed load is not repeated. */
  readonly #problems = new Map<string, ElementProblem>();

  /** `throughline` is what `import … from 'throughline'` provides; `timeoutMs` is the time limit per file. */
  constructor(folder: string, throughline: object, timeoutMs: number, logger: Logger) {
    this.#folder = folder;
    this.#timeoutMs = timeoutMs;
    this.#logger = logger;
    this.#jiti = createJiti(join(folder, 'app.ts'), {
      moduleCache: false,
      fsCache: false,
      virtualModules: { throughline },
    });
  }

  /**
   * The exports of a file, given by its path relative to the app folder. Throws an ElementProblem if it cannot be
   * loaded.
   */
  async load(file: string): Promise<Module> {
    const filename = join(this.#folder, file);
    const loaded = this.#cache[filename];
    if (loaded?.loaded) return loaded.exports;
    const known = this.#problems.get(filename);
    if (known) throw known;
    try {
      const loading = loadingStorage.run({ log: this.#logger.child({ file }) }, () =>
        this.#evaluate(filename),
      );
      return await this.#withinTime(file, loading);
    } catch (error) {
      const problem = error instanceof ElementProblem ? error : this.#problem(file, error);
      this.#problems.set(filename, problem);
      this.#forgetUnfinished();
      throw problem;
    }
  }

  async #evaluate(filename: string): Promise<Module> {
    const source = await readFile(filename, 'utf8');
    await this.#jiti.evalModule(source, {
      id: filename,
      filename,
      ext: extname(filename),
      cache: this.#cache,
      async: true,
      // Node would cache its own modules forever.
      forceTranspile: true,
    });
    return this.#cache[filename]!.exports;
  }

  async #withinTime(file: string, loading: Promise<Module>): Promise<Module> {
    loading.catch(() => {});
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const seconds = this.#timeoutMs / 1000;
        reject(
          new ElementProblem(
            `${file} was not loaded within ${seconds} s; is there an await at its top level, or in what it imports, that does not end?`,
          ),
        );
      }, this.#timeoutMs);
    });
    return Promise.race([loading, timeout]).finally(() => clearTimeout(timer));
  }

  /** Otherwise the next file would import the half-initialised module. */
  #forgetUnfinished(): void {
    for (const [filename, module] of Object.entries(this.#cache)) {
      if (!module.loaded) delete this.#cache[filename];
    }
  }

  #problem(file: string, thrown: unknown): ElementProblem {
    const { message, stack } = asError(thrown);
    const syntax = /^\w*Error: (.*?)\s*\n\s*(.+:\d+:\d+)/s.exec(message);
    if (syntax)
      return new ElementProblem(`${this.#short(syntax[2]!)} does not compile: ${syntax[1]!.trim()}`);
    const at = this.#firstPlace(stack ?? '') ?? file;
    return new ElementProblem(`${at} failed when it was loaded: ${firstLine(this.#short(message))}`);
  }

  /** The innermost stack frame within the folder. Columns are omitted, since they are those of the transpiled code. */
  #firstPlace(stack: string): string | null {
    for (const line of stack.split('\n')) {
      const start = line.indexOf(this.#folder + sep);
      const place = start < 0 ? null : /^(.+?:\d+):\d+\)?$/.exec(line.slice(start));
      if (place) return this.#short(place[1]!);
    }
    return null;
  }

  #short(text: string): string {
    return text.replaceAll(this.#folder + sep, '');
  }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

/** Functions of a module: its named exports, then the methods of an exported class or object. */
export function functionsOf(module: Module, className: string): ReadonlyMap<string, AnyFunction> {
  const functions = new Map<string, AnyFunction>();
  const instance = instanceOf(module, className);
  if (instance !== null) {
    for (const name of methodNames(instance)) {
      const method = Reflect.get(instance, name) as AnyFunction;
      functions.set(name, (...args) => method.apply(instance, args));
    }
  }
  for (const [name, value] of Object.entries(module)) {
    if (typeof value === 'function' && !isClass(value) && name !== 'default') {
      functions.set(name, value as AnyFunction);
    }
  }
  return functions;
}

export type AnyFunction = (...args: unknown[]) => unknown;
export type AnyClass = new (...args: unknown[]) => object;

/** The main class of a module: its default export, the one called `name`, or the only one. */
export function classOf(module: Module, name: string): AnyClass | null {
  const { default: preferred } = module;
  if (isClass(preferred)) return preferred;
  if (Object.hasOwn(module, name) && isClass(module[name])) return module[name];
  const classes = Object.values(module).filter(isClass);
  return classes.length === 1 ? classes[0]! : null;
}

function instanceOf(module: Module, className: string): object | null {
  const Class = classOf(module, className);
  if (Class) return new Class();
  const { default: preferred } = module;
  return typeof preferred === 'object' && preferred !== module ? preferred : null;
}

function isClass(value: unknown): value is AnyClass {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

function methodNames(instance: object): readonly string[] {
  const names = new Set<string>();
  for (let level = instance; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof value === 'function' && name !== 'constructor') names.add(name);
    }
  }
  return [...names];
}
