// Loads the code of an app folder, TypeScript as it is; each file once, so that elements can share what they import.
import { readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { createJiti, type ModuleCache } from 'jiti';
import { asError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { ElementProblem } from './app-files.ts';
import { loadingStorage } from './run-context.ts';

export type Module = Readonly<Record<string, unknown>>;

/** The modules of one load of a folder. Files are loaded one after another: call `load` only when the last one is over. */
export class AppModules {
  readonly #folder: string;
  readonly #timeoutMs: number;
  readonly #logger: Logger;
  readonly #jiti: ReturnType<typeof createJiti>;
  /** Own to this load, so that the next one reads every file anew. */
  readonly #cache: ModuleCache = Object.create(null);
  /** Why a file did not load, so that nobody waits for it twice. */
  readonly #problems = new Map<string, ElementProblem>();

  /** `throughline` is what `import … from 'throughline'` gives; a file may take `timeoutMs` to load. */
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

  /** What the file exports; an ElementProblem where it can not be loaded. `file` is its path from the app folder. */
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
      // Node would keep what it loads itself for good.
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

  /** What broke half-way would otherwise be given, half, to the next file that imports it. */
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

  /** The innermost line of the folder in a stack; columns are those of the translation, which says nothing. */
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

/** Functions that a module offers: those exported by name, then the methods of an exported class or object. */
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

/** The class that a module is there for: its default, the one called `name`, or the only one. */
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
