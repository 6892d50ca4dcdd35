// TypeScript types of declared topics: what `throughline codegen` writes.
import type { DeclaredTopic } from './declared-topics.ts';

const anyObject = 'Record<string, unknown>';

/** The text of a module that exports the interface `Topics`, for `createClient<Topics>(…)`. */
export async function topicTypes(topics: readonly DeclaredTopic[]): Promise<string> {
  const sorted = [...topics].sort((a, b) => (a.name < b.name ? -1 : 1));
  const declarations: string[] = [];
  const entries: string[] = [];
  for (const { name, title, description, payloadSchema, summarySchema } of sorted) {
    const payload = await declare(`${pascalCase(name)}Payload`, payloadSchema, declarations);
    const summary = await declare(`${pascalCase(name)}Summary`, summarySchema, declarations);
    const comment = commentOf([title, description]);
    entries.push(`${comment}  ${JSON.stringify(name)}: { payload: ${payload}; summary: ${summary} };`);
  }
  return [
    '// The types of declared topics. Written by `throughline codegen`: do not edit.',
    ...declarations,
    `/** The declared topics, for \`createClient<Topics>\`. */\nexport interface Topics {\n${entries.join('\n')}\n}`,
    '',
  ].join('\n\n');
}

/** Returns the name of the type. */
async function declare(name: string, schema: unknown, declarations: string[]): Promise<string> {
  if (typeof schema !== 'object' || schema === null) return anyObject;
  // Loaded when it is needed: it brings a code formatter along.
  const { compile } = await import('json-schema-to-typescript');
  const text = await compile({ ...schema, title: undefined } as never, name, {
    bannerComment: '',
    format: true,
    // Unless the schema allows them: a misspelt property is more likely than an undeclared one.
    additionalProperties: false,
    // What a schema refers to is not fetched, as the gateway does not.
    $refOptions: { resolve: { http: false, file: false } },
    style: { singleQuote: true, printWidth: 110 },
  });
  declarations.push(text.trim());
  return name;
}

/** `order.line_added` becomes OrderLineAdded; a type begins with a letter. */
function pascalCase(topic: string): string {
  const words = topic.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const name = words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
  return /^[A-Za-z]/.test(name) ? name : `Topic${name}`;
}

function commentOf(texts: readonly (string | null | undefined)[]): string {
  const lines = texts
    .filter((text) => text)
    .map((text) => text!.replaceAll('*/', '*\\/').replaceAll('\n', ' '));
  return lines.length === 0 ? '' : `  /** ${lines.join(' — ')} */\n`;
}
