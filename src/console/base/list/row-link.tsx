// A link in a row of a long list: many of them appear at once while it is scrolled, so each costs next to nothing.
import { useRouter } from '@tanstack/react-router';
import type { MouseEvent, ReactNode } from 'react';
import { consolePath } from '../../shell/session.ts';

interface RowLinkProps {
  /** The parts of a path below the console, such as `['events', id]`. */
  readonly to: readonly string[];
  readonly className?: string;
  readonly title?: string;
  readonly children: ReactNode;
}

export function RowLink({ to, className, title, children }: RowLinkProps) {
  const router = useRouter();
  const href = `${consolePath}/${to.map(encodeURIComponent).join('/')}`;
  const open = (event: MouseEvent) => {
    // Other clicks open a tab or a window.
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    router.history.push(href);
  };
  return (
    <a href={href} className={className} title={title} onClick={open}>
      {children}
    </a>
  );
}
