// Keys that a view listens to while no field has the focus and no dialog or menu is open.
import { useEffect, useRef } from 'react';

/** By `KeyboardEvent.key`. A handler that returns false leaves the key to the browser. */
export type KeyHandlers = Readonly<Record<string, (event: KeyboardEvent) => boolean | void>>;

export function useViewKeys(handlers: KeyHandlers): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTaken(event.target)) return;
      const handler = latest.current[event.key];
      if (handler && handler(event) !== false) event.preventDefault();
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
}

const fields =
  'input:not([type=checkbox]), select, textarea, [contenteditable=true], [role=dialog], [role=menu], [role=tree]';

function isTaken(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(fields) !== null;
}
