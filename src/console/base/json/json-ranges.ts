// Where a value stands in a JSON text.

export interface TextRange {
  readonly from: number;
  readonly to: number;
}

/** Null where the text is not JSON or has no such path. */
export function rangeAt(text: string, path: readonly string[]): TextRange | null {
  try {
    return new JsonScan(text).find(path);
  } catch {
    return null;
  }
}

/** Reads only as far as it has to; throws where the text is not JSON. */
class JsonScan {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  find(path: readonly string[]): TextRange | null {
    this.#blank();
    const [key, ...rest] = path;
    if (key === undefined) {
      const from = this.#at;
      this.#skip();
      return { from, to: this.#at };
    }
    const open = this.#text[this.#at];
    if (open !== '{' && open !== '[') return null;
    this.#at += 1;
    for (let index = 0; ; index += 1) {
      this.#blank();
      if (this.#text[this.#at] === '}' || this.#text[this.#at] === ']') return null;
      const name = open === '{' ? this.#name() : String(index);
      if (name === key) return this.find(rest);
      this.#skip();
      this.#blank();
      if (this.#text[this.#at] !== ',') return null;
      this.#at += 1;
    }
  }

  #name(): string {
    const from = this.#at;
    this.#string();
    const name = JSON.parse(this.#text.slice(from, this.#at)) as string;
    this.#blank();
    this.#at += 1;
    this.#blank();
    return name;
  }

  /** Moves behind the value. */
  #skip(): void {
    this.#blank();
    let depth = 0;
    do {
      const letter = this.#text[this.#at];
      if (letter === undefined) throw new SyntaxError('The text ends too early.');
      if (letter === '"') {
        this.#string();
        continue;
      }
      if (letter === '{' || letter === '[') depth += 1;
      else if (letter === '}' || letter === ']') depth -= 1;
      else if (depth === 0) {
        while (this.#at < this.#text.length && !/[\s,}\]]/.test(this.#text[this.#at]!)) this.#at += 1;
        return;
      }
      this.#at += 1;
    } while (depth > 0);
  }

  #string(): void {
    this.#at += 1;
    while (this.#text[this.#at] !== '"') {
      if (this.#at >= this.#text.length) throw new SyntaxError('The text ends too early.');
      this.#at += this.#text[this.#at] === '\\' ? 2 : 1;
    }
    this.#at += 1;
  }

  #blank(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }
}
