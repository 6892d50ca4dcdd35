// Prints the reference pages that repeat the code: limits, errors, close codes, the commands of the CLI and the OpenAPI document; with --check only says whether they are up to date.
import { readFile, writeFile } from 'node:fs/promises';
import ts from 'typescript';
import { openApi } from '../src/ayon/openapi.ts';
import { errorCatalogue } from '../src/base/errors.ts';
import { cliPage } from './reference/cli-page.ts';
import { limits } from '../src/base/limits.ts';
import { scopeMeanings, scopePresets } from '../src/domain/access/scopes.ts';
import { closeCodes } from '../src/http/websocket/close-codes.ts';

type Row = readonly string[];

/** The comment above each property of the first object literal in a file, by the property's name. */
async function commentsIn(path: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(path, 'utf8');
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const comments = new Map<string, string>();
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name)) {
      const [range] = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
      const comment = range ? text.slice(range.pos + 3, range.end - 2) : '';
      comments.set(
        node.name.text,
        comment
          .replace(/\n\s*\*/g, ' ')
          .replace(/\s+/g, ' ')
          .trim(),
      );
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return comments;
}

function table(head: Row, rows: readonly Row[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return lines.join('\n');
}

async function limitsPage(): Promise<string> {
  const comments = await commentsIn('src/base/limits.ts');
  const rows = Object.entries(limits).map(([name, value]) => [
    `\`${name}\``,
    value.toLocaleString('en-US'),
    comments.get(name) ?? '',
  ]);
  return `# Limits

Every fixed bound of the gateway. A size or a count that is exceeded is answered with \`LIMIT_EXCEEDED\`, a length or a range with \`BAD_USER_INPUT\`, a full
queue with \`OVERLOADED\`, and a full subscriber's buffer with \`SLOW_SUBSCRIBER\`. Lengths are in characters (code points). Bounds that a deployment may
change are [settings](settings.md).

${table(['limit', 'value', 'meaning'], rows)}
`;
}

function errorsPage(): string {
  const rows = Object.entries(errorCatalogue).map(([code, { status, meaning, remedy }]) => [
    `\`${code}\``,
    String(status),
    meaning,
    remedy,
  ]);
  return `# Errors

Every refusal carries \`extensions.code\`. Codes are stable: never renamed, never reused. The HTTP status is that of a request that failed as a whole.
An unexpected failure is masked as \`INTERNAL_SERVER_ERROR\`; the gateway's log has the details under the \`errorId\` of the answer.

${table(['code', 'HTTP', 'meaning', 'what to do'], rows)}
`;
}

async function closeCodesPage(): Promise<string> {
  const comments = await commentsIn('src/http/websocket/close-codes.ts');
  const rows = Object.entries(closeCodes).map(([name, code]) => {
    const [, when = '', remedy = ''] = /^(.*?[.!?]) (.*)$/.exec(comments.get(name) ?? '') ?? [];
    return [String(code), when, remedy];
  });
  return `# WebSocket close codes

${table(['code', 'when', 'what to do'], rows)}
`;
}

function scopesPage(): string {
  const scopes = Object.entries(scopeMeanings).map(([scope, meaning]) => [`\`${scope}\``, meaning]);
  const presets = Object.entries(scopePresets).map(([name, granted]) => [
    name,
    granted.map((scope) => `\`${scope}\``).join(', '),
  ]);
  return `# Scopes

What a key or token may do. A caller without the scope that an operation needs gets \`FORBIDDEN\`, and \`extensions.scope\` names it.
[Access](../guides/access.md) says how keys are made.

${table(['scope', 'what it allows'], scopes)}

## Presets

Sets of scopes for common kinds of callers:

${table(['preset', 'scopes'], presets)}
`;
}

const pages = {
  'docs/reference/cli.md': cliPage(await commentsIn('src/cli/exit-codes.ts')),
  'docs/reference/limits.md': await limitsPage(),
  'docs/reference/errors.md': errorsPage(),
  'docs/reference/scopes.md': scopesPage(),
  'docs/reference/websocket-codes.md': await closeCodesPage(),
  'docs/reference/ayon-openapi.json': `${JSON.stringify(openApi, null, 2)}\n`,
};

for (const [path, text] of Object.entries(pages)) {
  if (!process.argv.includes('--check')) {
    await writeFile(path, text);
  } else if ((await readFile(path, 'utf8').catch(() => '')) !== text) {
    process.stderr.write(`${path} is not what the code says; run \`npm run generate\` to print it anew.\n`);
    process.exitCode = 1;
  }
}
