// The commands of the frame: the keys that work everywhere, and the dialogs that they open.
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { type Commands, isMac } from './open-commands.ts';
import { useSession } from './session.ts';
import { views } from './views.ts';

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }));
const KeyboardHelp = lazy(async () => ({ default: (await import('./keyboard-help.tsx')).KeyboardHelp }));

export function useCommands(): Commands {
  const [opened, setOpened] = useState<Commands['opened']>(null);
  const commands = useMemo<Commands>(
    () => ({
      opened,
      openPalette: () => setOpened('palette'),
      openHelp: () => setOpened('help'),
      close: () => setOpened(null),
    }),
    [opened],
  );
  useFrameKeys(commands);
  return commands;
}

export function CommandDialogs({ commands }: { commands: Commands }) {
  const typed = useRef('');
  if (commands.opened === null) typed.current = '';
  return (
    <>
      {commands.opened === 'palette' && (
        <Suspense fallback={<PaletteOpening onType={(text) => (typed.current = text)} />}>
          <Palette commands={commands} typed={typed} />
        </Suspense>
      )}
      {commands.opened === 'help' && (
        <Suspense fallback={null}>
          <KeyboardHelp onClose={commands.close} />
        </Suspense>
      )}
    </>
  );
}

/** Takes what is typed while the palette is loaded for the first time. */
function PaletteOpening({ onType }: { onType: (text: string) => void }) {
  return (
    <div className="dialog">
      <input aria-label="Commands" autoFocus onChange={({ target }) => onType(target.value)} />
    </div>
  );
}

export function PaletteButton({ onOpen }: { onOpen: () => void }) {
  return (
    <button type="button" className="palette-button" onClick={onOpen} aria-keyshortcuts="Control+K">
      Go to… <kbd>{isMac ? '⌘ K' : 'Ctrl K'}</kbd>
    </button>
  );
}

/** The second key after `g` must come within this time, in milliseconds. */
const sequenceMs = 1_500;

function useFrameKeys(commands: Commands): void {
  const navigate = useNavigate();
  const { can } = useSession();
  const wentAt = useRef(-Infinity);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        commands.openPalette();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const isSecond = event.timeStamp - wentAt.current < sequenceMs;
      wentAt.current = -Infinity;
      const view = isSecond ? views.find(({ key }) => key === event.key) : undefined;
      if (view && (view.scope === undefined || can(view.scope))) {
        event.stopImmediatePropagation();
        void navigate({ to: view.path });
      } else if (event.key === 'g') wentAt.current = event.timeStamp;
      else if (event.key === '?') commands.openHelp();
      else if (event.key === '/' && focusSearch()) event.preventDefault();
    };
    // Before the keys of a view: the second key after `g` is none of its own.
    document.addEventListener('keydown', onKeyDown, { capture: true });
    return () => document.removeEventListener('keydown', onKeyDown, { capture: true });
  }, [commands, navigate, can]);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.closest('input, textarea, select, [contenteditable=true], [role=dialog]') !== null;
}

/** The search field of the view, if it has one: plain, or an editor. */
function focusSearch(): boolean {
  const field = document.querySelector<HTMLElement>(
    'main input[type=search], main [role=search] :is(input, .cm-content)',
  );
  field?.focus();
  return field !== null;
}
