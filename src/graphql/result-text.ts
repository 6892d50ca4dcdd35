// The JSON text of a result, serialized once for all subscribers and transports that share it.

const texts = new WeakMap<object, string>();

export function resultText(result: object): string {
  const known = texts.get(result);
  if (known !== undefined) return known;
  const text = JSON.stringify(result);
  texts.set(result, text);
  return text;
}
