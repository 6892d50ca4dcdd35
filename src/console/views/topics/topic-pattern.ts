// Topic patterns, as the gateway has them: * stands for any number of characters, dots included.

export function matchesPattern(pattern: string, topic: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === topic;
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (!topic.startsWith(first) || !topic.endsWith(last) || topic.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = topic.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= topic.length - last.length;
}
