// The JSON text of a result, made once, however many subscribers share the result and over whichever transport.

const texts = new WeakMap<object, string>();

export function resultText(result: object): string {
  const known = texts.get(result);
  if (known !== undefined) return known;
  const text = JSON.stringify(result);
  texts.set(result, text);
  return text;
}
