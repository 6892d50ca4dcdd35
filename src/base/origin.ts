// The origin of a web page, as browsers send it in the Origin header: scheme, host and port.

/** The origin in the form that browsers send, or null if the text is not an origin. There are no wildcards in origins. */
export function originOf(text: string): string | null {
  if (!/^[^/]+:\/\/[^/?#@*]+$/.test(text) || !URL.canParse(text)) return null;
  const { origin } = new URL(text);
  return origin === 'null' ? null : origin;
}
