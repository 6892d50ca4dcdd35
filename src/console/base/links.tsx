// Links to what other views show.
import { Link } from '@tanstack/react-router';

/** A topic, or the pattern of topics as text. */
export function TopicLink({ topic }: { topic: string }) {
  if (topic.includes('*')) return <code>{topic}</code>;
  return (
    <Link to="/topics/$name" params={{ name: topic }}>
      <code>{topic}</code>
    </Link>
  );
}

export function EventLink({ id, children }: { id: string; children?: string }) {
  return (
    <Link to="/events/$id" params={{ id }}>
      {children ?? <code>{id.slice(-12)}</code>}
    </Link>
  );
}

/** Topics or patterns, side by side. */
export function Topics({ topics }: { topics: readonly string[] }) {
  return (
    <span className="badges">
      {topics.map((topic) => (
        <TopicLink key={topic} topic={topic} />
      ))}
    </span>
  );
}
