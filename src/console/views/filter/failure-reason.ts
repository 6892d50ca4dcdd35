// Why an expression probably fails on an event: a path of it that is missing, or the type of what is there.
import { isContainer } from '../../base/json/json-nodes.ts';

interface Values {
  readonly payload: unknown;
  readonly summary: unknown;
  readonly project?: string | null | undefined;
  readonly user?: string | null | undefined;
  readonly sender?: string | null | undefined;
}

const stringPattern = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g;
const pathPattern =
  /\b(data|summary)((?:\s*\.\s*[A-Za-z_]\w*(?!\w*\s*\()|\[\s*(?:"[^"]*"|'[^']*'|\d+)\s*\])+)/g;
const stepPattern = /\.\s*([A-Za-z_]\w*)|\[\s*(?:"([^"]*)"|'([^']*)'|(\d+))\s*\]/g;

/** Only the gateway knows for certain, and does not say. */
export function failureReason(expression: string, { payload, summary, ...fields }: Values): string {
  const guarded = new Set([...expression.matchAll(/\bhas\(\s*([^)]*?)\s*\)/g)].map(([, path]) => path));
  const types: string[] = [];
  for (const [path, root, steps] of expression.matchAll(pathPattern)) {
    if (guarded.has(path)) continue;
    const missing = missingAt(root === 'data' ? payload : summary, root!, steps!);
    if (missing.isMissing) return `${missing.path} is not there`;
    types.push(`${missing.path} is ${kindOf(missing.value)}`);
  }
  const bare = expression.replaceAll(stringPattern, '""');
  for (const [name, value] of Object.entries(fields))
    if (value === null && new RegExp(`\\b${name}\\b(?!\\s*[!=]=\\s*null)`).test(bare))
      types.push(`${name} is null`);
  return types.length > 0 ? `a type does not fit: ${types.join(', ')}` : 'a type does not fit';
}

function missingAt(start: unknown, root: string, steps: string) {
  let value = start;
  let path = root;
  for (const [text, name, double, single, index] of steps.matchAll(stepPattern)) {
    const key = name ?? double ?? single ?? index!;
    path += text.replaceAll(/\s/g, '');
    if (!isContainer(value) || !Object.hasOwn(value, key)) return { isMissing: true, path, value: undefined };
    value = (value as Record<string, unknown>)[key];
  }
  return { isMissing: false, path, value };
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return (
    { object: 'an object', string: 'text', boolean: 'a truth value', number: 'a number' }[
      typeof value as string
    ] ?? ''
  );
}
