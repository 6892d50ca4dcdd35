// What stands in the place of a view: while it is loaded, where there is none, and where it failed.
import { Link, type ErrorComponentProps } from '@tanstack/react-router';

export function ViewLoading() {
  return <p className="loading">Loading…</p>;
}

export function NotFound() {
  return (
    <section className="empty">
      <h1>There is no such page</h1>
      <p>
        The <Link to="/">overview</Link> leads to all others.
      </p>
    </section>
  );
}

/** Browsers keep the failure of a script or style that could not be loaded: only a new page asks for it again. */
const isUnloaded = (error: unknown) => /preload|dynamically imported|importing a module/i.test(String(error));

export function ViewError({ error, reset }: ErrorComponentProps) {
  if (isUnloaded(error)) return <Unloaded />;
  return (
    <section className="empty" role="alert">
      <h1>This page failed</h1>
      <p>{(error as Error).message}</p>
      <button onClick={reset}>Try again</button>
    </section>
  );
}

function Unloaded() {
  return (
    <section className="empty" role="alert">
      <h1>This page could not be loaded</h1>
      <p>The gateway is away, or has been replaced by another version.</p>
      <button onClick={() => location.reload()}>Load again</button>
    </section>
  );
}
