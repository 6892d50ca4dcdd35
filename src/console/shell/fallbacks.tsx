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

export function ViewError({ error, reset }: ErrorComponentProps) {
  return (
    <section className="empty" role="alert">
      <h1>This page failed</h1>
      <p>{(error as Error).message}</p>
      <button onClick={reset}>Try again</button>
    </section>
  );
}
