// The trace context of OpenTelemetry, if the program has loaded @opentelemetry/api: found where that package registers itself.

interface OpenTelemetry {
  readonly context?: {
    active(): unknown;
    with<Result>(context: unknown, run: () => Result): Result;
  };
  readonly propagation?: {
    inject(context: unknown, carrier: object, setter: object): void;
    extract(context: unknown, carrier: object, getter: object): unknown;
  };
}

type Carrier = Record<string, string>;

const setter = {
  set: (carrier: Carrier, name: string, value: string) => {
    carrier[name] = value;
  },
};
const getter = {
  get: (carrier: Carrier, name: string) => carrier[name],
  keys: (carrier: Carrier) => Object.keys(carrier),
};

function openTelemetry(): OpenTelemetry {
  const registered = globalThis as { [key: symbol]: OpenTelemetry | undefined };
  return registered[Symbol.for('opentelemetry.js.api.1')] ?? {};
}

/** The headers of the active trace context, such as `traceparent`; none without OpenTelemetry. */
export function traceHeaders(): Record<string, string> {
  const { context, propagation } = openTelemetry();
  const headers: Carrier = {};
  if (context && propagation) propagation.inject(context.active(), headers, setter);
  return headers;
}

/**
 * Runs a function in the trace that began an event's request: the gateway takes request ids from trace ids. A request
 * with another id runs in the active context.
 */
export function inTraceOf<Result>(
  { requestId, id }: { readonly requestId: string; readonly id: string },
  run: () => Result,
): Result {
  const { context, propagation } = openTelemetry();
  const traceId = /^[0-9a-f]{32}(?![0-9a-z])/.exec(requestId)?.[0];
  if (!context || !propagation || !traceId) return run();
  const traceparent = `00-${traceId}-${id.replaceAll('-', '').slice(-16)}-01`;
  return context.with(propagation.extract(context.active(), { traceparent }, getter), run);
}
